// cfa.hpp - cfa.h for C++17: handles that free themselves, and errors as exceptions.
//
// Header only. What a function does, and who may call it from which thread, is said in
// cfa.h. Classes can be moved, not copied. Only Model may be used by several threads at once.

#ifndef CFA_HPP
#define CFA_HPP

#include "cfa.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cfa {

// A call that failed: what() is the message of cfa_error.
class Error : public std::runtime_error {
public:
    explicit Error(const cfa_error &err)
        : std::runtime_error(std::string(err.message, err.message_len)), status_(err.status) {}
    Error(cfa_status status, const std::string &message)
        : std::runtime_error(message), status_(status) {}
    cfa_status status() const noexcept { return status_; }

private:
    cfa_status status_;
};

namespace detail {

template <class Call> void check(Call &&call) {
    cfa_error err = cfa_error_new();
    const cfa_status status = call(&err);
    if (status == CFA_OK) return;
    if (err.message_len == 0) throw Error(status, "libcfa failed");
    throw Error(err);
}

inline cfa_str str(std::string_view text) noexcept {
    cfa_str out;
    out.data = text.data();
    out.len = text.size();
    return out;
}

template <class Call> std::string text(Call &&call) {
    std::string out;
    std::size_t needed = 0;
    cfa_status status = CFA_OK;
    // Again while the text grows: another thread may add warnings meanwhile.
    do {
        out.resize(needed);
        cfa_error err = cfa_error_new();
        status = call(needed > 0 ? &out[0] : nullptr, needed, &needed, &err);
        if (status != CFA_OK && status != CFA_E_BUFFER_TOO_SMALL) throw Error(err);
    } while (status != CFA_OK);
    out.resize(needed - 1);
    return out;
}

template <class Handle, void (*free_handle)(Handle *)> struct Free {
    void operator()(Handle *handle) const noexcept { free_handle(handle); }
};
template <class Handle, void (*free_handle)(Handle *)>
using Owned = std::unique_ptr<Handle, Free<Handle, free_handle>>;

} // namespace detail

// Throws when the library does not fit this header. Call it first.
inline void check_abi() {
    detail::check([](cfa_error *err) { return cfa_abi_check(CFA_ABI_VERSION, err); });
}

class Options {
public:
    // Answers whether to go on. An exception stops the opening, too.
    using Progress = std::function<bool(std::string_view phase, float fraction)>;

    Options() {
        cfa_options *handle = nullptr;
        detail::check([&](cfa_error *err) { return cfa_options_new(&handle, err); });
        handle_.reset(handle);
    }

    Options &set(std::string_view key, std::string_view value) {
        detail::check([&](cfa_error *err) {
            return cfa_options_set(handle_.get(), detail::str(key), detail::str(value), err);
        });
        return *this;
    }

    Options &on_progress(Progress progress) {
        auto kept = std::make_unique<Progress>(std::move(progress));
        detail::check([&](cfa_error *err) {
            return cfa_options_set_progress(handle_.get(), &Options::report, kept.get(), err);
        });
        progress_ = std::move(kept);
        return *this;
    }

    const cfa_options *get() const noexcept { return handle_.get(); }

private:
    static std::int32_t report(void *userdata, cfa_str phase, float fraction) noexcept {
        try {
            return (*static_cast<Progress *>(userdata))({phase.data, phase.len}, fraction) ? 1 : 0;
        } catch (...) {
            return 0;
        }
    }

    detail::Owned<cfa_options, cfa_options_free> handle_;
    std::unique_ptr<Progress> progress_;
};

struct Size {
    std::uint32_t width_px;
    std::uint32_t height_px;
};

class Model {
public:
    static Model open(std::string_view path, const Options &options = Options()) {
        cfa_model *handle = nullptr;
        detail::check([&](cfa_error *err) {
            return cfa_model_open(detail::str(path), options.get(), &handle, err);
        });
        return Model(handle);
    }

    static Model open_bytes(const std::vector<std::uint8_t> &bundle,
                            const Options &options = Options()) {
        cfa_model *handle = nullptr;
        detail::check([&](cfa_error *err) {
            return cfa_model_open_bytes(bundle.data(), bundle.size(), options.get(), &handle, err);
        });
        return Model(handle);
    }

    std::string info_json() const {
        return detail::text([this](char *buf, std::size_t capacity, std::size_t *needed,
                                   cfa_error *err) {
            return cfa_model_info_json(handle_.get(), buf, capacity, needed, err);
        });
    }

    Size map_size() const {
        Size size{};
        detail::check([&](cfa_error *err) {
            return cfa_model_map_size(handle_.get(), &size.width_px, &size.height_px, err);
        });
        return size;
    }

    // Red, green, blue for every value.
    std::vector<std::uint8_t> heatmap_rgb8(const std::vector<float> &values) const {
        std::vector<std::uint8_t> rgb(values.size() * 3);
        detail::check([&](cfa_error *err) {
            return cfa_model_heatmap_rgb8(handle_.get(), values.data(), values.size(), rgb.data(),
                                          rgb.size(), err);
        });
        return rgb;
    }

    const cfa_model *get() const noexcept { return handle_.get(); }

private:
    explicit Model(cfa_model *handle) : handle_(handle) {}
    detail::Owned<cfa_model, cfa_model_free> handle_;
};

// An anomaly map: rows without gaps.
struct Map {
    Size size{};
    std::vector<float> values;
};

class Session {
public:
    explicit Session(const Model &model, const Options &options = Options()) {
        cfa_session *handle = nullptr;
        detail::check([&](cfa_error *err) {
            return cfa_session_new(model.get(), options.get(), &handle, err);
        });
        handle_.reset(handle);
        model_size_ = model.map_size();
    }

    void self_test() {
        detail::check([&](cfa_error *err) { return cfa_session_self_test(handle_.get(), err); });
    }

    std::string info_json() const {
        return detail::text([this](char *buf, std::size_t capacity, std::size_t *needed,
                                   cfa_error *err) {
            return cfa_session_info_json(handle_.get(), buf, capacity, needed, err);
        });
    }

    cfa_verdict score(const cfa_image &image) { return run(image, nullptr); }

    // With the map in the model's own size.
    cfa_verdict score(const cfa_image &image, Map &map) {
        return with_map(map, CFA_MAP_SIZE_MODEL, model_size_,
                        [&](cfa_map *room) { return run(image, room); });
    }

    // With the map in the size of the picture, or of its region of interest.
    cfa_verdict score_in_picture_size(const cfa_image &image, Map &map) {
        const bool whole = image.roi_x_px == 0 && image.roi_y_px == 0 &&
                           image.roi_width_px == 0 && image.roi_height_px == 0;
        const Size size = whole ? Size{image.width_px, image.height_px}
                                : Size{image.roi_width_px, image.roi_height_px};
        return with_map(map, CFA_MAP_SIZE_PICTURE, size,
                        [&](cfa_map *room) { return run(image, room); });
    }

    // A picture file in memory.
    cfa_verdict score_encoded(const std::vector<std::uint8_t> &file) {
        cfa_verdict verdict = cfa_verdict_new();
        detail::check([&](cfa_error *err) {
            return cfa_session_score_encoded(handle_.get(), file.data(), file.size(), &verdict,
                                             nullptr, err);
        });
        return verdict;
    }

    std::vector<cfa_verdict> score_batch(const std::vector<cfa_image> &images) {
        std::vector<cfa_verdict> verdicts(images.size(), cfa_verdict_new());
        std::vector<const cfa_image *> in;
        std::vector<cfa_verdict *> out;
        for (std::size_t i = 0; i < images.size(); i++) {
            in.push_back(&images[i]);
            out.push_back(&verdicts[i]);
        }
        if (images.empty()) return verdicts;
        detail::check([&](cfa_error *err) {
            return cfa_session_score_batch(handle_.get(), in.data(), in.size(), out.data(), nullptr,
                                           nullptr, err);
        });
        return verdicts;
    }

    // The one member that may be called while another thread computes.
    void cancel() const noexcept { cfa_session_cancel(handle_.get()); }

private:
    cfa_verdict run(const cfa_image &image, cfa_map *map) {
        cfa_verdict verdict = cfa_verdict_new();
        detail::check([&](cfa_error *err) {
            return cfa_session_score(handle_.get(), &image, &verdict, map, err);
        });
        return verdict;
    }

    template <class Run>
    static cfa_verdict with_map(Map &map, cfa_map_size wanted, Size size, Run &&run) {
        map.values.resize(static_cast<std::size_t>(size.width_px) * size.height_px);
        cfa_map room = cfa_map_new(wanted, map.values.data(), map.values.size());
        const cfa_verdict verdict = run(&room);
        map.size = Size{room.width_px, room.height_px};
        return verdict;
    }

    detail::Owned<cfa_session, cfa_session_free> handle_;
    Size model_size_{};
};

} // namespace cfa

#endif
