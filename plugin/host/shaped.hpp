#pragma once
// Structs of the C interface in sizes other than this host's: a short one, as an older host would
// pass, ends at a page that cannot be touched; a long one, as a newer host's, ends with bytes that
// must stay as they are.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "violations.hpp"

namespace catalog::host {

/// The size that a struct shall pretend to have; nullopt: this host's.
using Shape = std::optional<std::uint32_t>;

/// Names of structs and their shapes: "host", "config", "call", "error", "status", "package",
/// "page", "content".
using Shapes = std::map<std::string, Shape, std::less<>>;

/// Tells whether `name` is one that Shapes may hold.
[[nodiscard]] bool is_shapeable(std::string_view name) noexcept;

/// Memory whose last byte is followed by a page that cannot be touched.
class GuardedMemory {
public:
    explicit GuardedMemory(std::size_t bytes);
    ~GuardedMemory();
    GuardedMemory(const GuardedMemory&) = delete;
    GuardedMemory& operator=(const GuardedMemory&) = delete;
    [[nodiscard]] std::byte* data() const noexcept { return data_; }

private:
    void* pages_ = nullptr;
    std::size_t pages_bytes_ = 0;
    std::byte* data_ = nullptr;
};

/// A T for one call. Thread safety: one thread at a time.
template <class T>
class Shaped {
public:
    Shaped(const T& value, const Shapes& shapes, std::string_view name) : plain_(value) {
        const auto found = shapes.find(name);
        if (found != shapes.end()) shape_ = found->second;
        if (!shape_) {
            plain_.struct_size = sizeof(T);
            return;
        }
        guarded_ = std::make_unique<GuardedMemory>(
            *shape_ < sizeof(std::uint32_t) ? sizeof(std::uint32_t) : *shape_);
        std::memset(guarded_->data(), kTail, *shape_);
        plain_.struct_size = *shape_;
        std::memcpy(guarded_->data(), &plain_, *shape_ < sizeof(T) ? *shape_ : sizeof(T));
        // A size of 0 is told too.
        std::memcpy(guarded_->data(), &*shape_, sizeof(std::uint32_t));
    }

    /// What is passed to the extension.
    [[nodiscard]] T* get() noexcept {
        return guarded_ ? reinterpret_cast<T*>(guarded_->data()) : &plain_;
    }

    /// What came back; members that a short struct does not have are as they were. Reports bytes
    /// that were written behind the struct as a violation of R2.
    [[nodiscard]] const T& result(Violations& violations) {
        if (!guarded_ || !shape_) return plain_;
        std::memcpy(&plain_, guarded_->data(), *shape_ < sizeof(T) ? *shape_ : sizeof(T));
        for (std::size_t i = sizeof(T); i < *shape_; ++i)
            if (guarded_->data()[i] != std::byte{kTail}) {
                violations.add("R2", "bytes behind a struct that the extension knows were written");
                break;
            }
        return plain_;
    }

private:
    static constexpr std::uint8_t kTail = 0xa5;
    T plain_;
    Shape shape_;
    std::unique_ptr<GuardedMemory> guarded_;
};

}  // namespace catalog::host
