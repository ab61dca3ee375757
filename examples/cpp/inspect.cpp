// Inspects a picture file with the C++ wrapper.
//
//   inspect LIBONNXRUNTIME BUNDLE PICTURE

#include <cfa.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>

static std::vector<std::uint8_t> file_bytes(const char *path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int main(int argc, char **argv) try {
    if (argc != 4) {
        std::fprintf(stderr, "usage: inspect LIBONNXRUNTIME BUNDLE PICTURE\n");
        return 1;
    }
    cfa::check_abi();
    cfa::Options options;
    options.set("onnxruntime", argv[1]).on_progress([](std::string_view phase, float fraction) {
        std::fprintf(stderr, "%.*s %.0f %%\n", static_cast<int>(phase.size()), phase.data(),
                     static_cast<double>(fraction) * 100.0);
        return true;
    });
    const cfa::Model model = cfa::Model::open(argv[2], options);
    cfa::Session session(model, options);
    session.self_test();
    const cfa_verdict verdict = session.score_encoded(file_bytes(argv[3]));
    std::printf("score %.9g\n", static_cast<double>(verdict.score));
    std::printf("peak %.17g %.17g\n", verdict.peak_x_px, verdict.peak_y_px);
    return 0;
} catch (const cfa::Error &error) {
    std::fprintf(stderr, "inspect: error %d: %s\n", static_cast<int>(error.status()), error.what());
    return 1;
}
