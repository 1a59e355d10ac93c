#pragma once
// File descriptors that close themselves, and system calls that are repeated when a signal
// interrupts them.

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace catalog::io::posix {

/// Owns a file descriptor; -1 is none.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        Descriptor(std::move(other)).swap(*this);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    void swap(Descriptor& other) noexcept { std::swap(fd_, other.fd_); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

/// Repeats `call` as long as it returns -1 with EINTR. Not for close(2): on Linux the descriptor is
/// gone even then.
template <class Call>
auto retry(Call call) noexcept {
    auto result = call();
    while (result == -1 && errno == EINTR) result = call();
    return result;
}

}  // namespace catalog::io::posix
