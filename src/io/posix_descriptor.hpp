#pragma once
// File descriptors that close themselves, and system calls that are repeated when a signal
// interrupts them.

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "catalog/io/file_system.hpp"

namespace catalog::io::posix {

/// One open file in a count; gives itself back. Empty where nothing is counted.
class CountedFile {
public:
    CountedFile() = default;
    explicit CountedFile(std::shared_ptr<OpenFiles> files) noexcept : files_(std::move(files)) {}
    CountedFile(CountedFile&&) noexcept = default;
    CountedFile& operator=(CountedFile&& other) noexcept {
        std::swap(files_, other.files_);
        return *this;
    }
    ~CountedFile() {
        if (files_ != nullptr) files_->give_back();
    }

private:
    std::shared_ptr<OpenFiles> files_;
};

/// Owns a file descriptor; -1 is none.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), counted_(std::move(other.counted_)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        Descriptor(std::move(other)).swap(*this);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    void swap(Descriptor& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(counted_, other.counted_);
    }
    /// Keeps a count as long as the descriptor is open.
    void keep(CountedFile counted) noexcept { counted_ = std::move(counted); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept {
        counted_ = CountedFile();
        return std::exchange(fd_, -1);
    }

private:
    int fd_ = -1;
    CountedFile counted_;
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
