// The C++ wrapper: moves, exceptions, maps, batches, callbacks.
//
//   wrapper LIBONNXRUNTIME BUNDLE

#include <cfa.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

static void check(bool so, const char *what, int line) {
    if (so) return;
    std::fprintf(stderr, "line %d: not so: %s\n", line, what);
    std::exit(1);
}
#define CHECK(condition) check(condition, #condition, __LINE__)

template <class Call> static cfa_status thrown(Call &&call) {
    try {
        call();
    } catch (const cfa::Error &error) {
        CHECK(error.what()[0] != '\0');
        return error.status();
    }
    return CFA_OK;
}

static_assert(!std::is_copy_constructible<cfa::Model>::value, "models are not copied");
static_assert(std::is_nothrow_move_constructible<cfa::Session>::value, "sessions are moved");

int main(int, char **argv) {
    cfa::check_abi();
    cfa::Options options;
    options.set("onnxruntime", argv[1]).set("threads", "1");
    CHECK(thrown([&] { options.set("thread", "1"); }) == CFA_E_BAD_ARGUMENT);
    CHECK(thrown([&] { cfa::Model::open("/no/such.cfa"); }) == CFA_E_IO);

    cfa::Model model = cfa::Model::open(argv[2], options);
    CHECK(model.info_json().find("\"sha256\"") != std::string::npos);
    cfa::Session first(model, options);
    cfa::Session session = std::move(first);
    CHECK(session.info_json().find("\"provider\":\"cpu\"") != std::string::npos);
    session.self_test();

    std::vector<std::uint8_t> pixels(64 * 48 * 3);
    for (std::size_t i = 0; i < pixels.size(); i++) pixels[i] = static_cast<std::uint8_t>(i % 241);
    cfa_image image = cfa_image_new(CFA_PIXEL_RGB8, 64, 48, pixels.data(), pixels.size());
    cfa::Map map, large;
    const float score = session.score(image).score;
    CHECK(std::fabs(session.score(image, map).score - score) == 0.0f);
    CHECK(map.size.width_px == model.map_size().width_px);
    CHECK(session.score_in_picture_size(image, large).score >= 0.0f);
    CHECK(large.size.width_px == 64 && large.values.size() == 64 * 48);
    CHECK(model.heatmap_rgb8(large.values).size() == pixels.size());
    CHECK(session.score_batch({image, image}).size() == 2);
    CHECK(session.score_batch({}).empty());
    image.format = 0;
    CHECK(thrown([&] { session.score(image); }) == CFA_E_BAD_ARGUMENT);
    CHECK(thrown([&] { session.score_encoded(pixels); }) == CFA_E_BAD_PICTURE);

    int calls = 0;
    options.on_progress([&](std::string_view, float) -> bool {
        if (calls++ > 0) throw std::runtime_error("an exception must not pass through C");
        return true;
    });
    CHECK(thrown([&] { cfa::Session stopped(model, options); }) == CFA_E_CANCELLED);
    CHECK(calls >= 2);
    return 0;
}
