#include "pack_tail.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::content {

using internal::MutexLock;

namespace {

tl::unexpected<Error> useless() {
    return fail(Errc::kIo, "the pack ends with what a failed write left behind");
}

}  // namespace

PackTail::PackTail(std::unique_ptr<io::WritableFile> file, std::size_t held_bytes_max)
    : held_bytes_max_(held_bytes_max), file_(std::move(file)), written_(file_->size()) {}

Result<void> PackTail::append(ByteView bytes) {
    const MutexLock lock(mutex_);
    const std::size_t before = held_.size();
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    if (held_.size() <= held_bytes_max_ && !is_broken_) return {};
    auto written = write_held();
    if (!written) held_.resize(before);
    return written;
}

Result<void> PackTail::flush() {
    const MutexLock lock(mutex_);
    return write_held();
}

Result<void> PackTail::write_held() {
    if (is_broken_) return useless();
    if (held_.empty()) return {};
    const std::uint64_t begin = written_.load(std::memory_order_relaxed);
    auto written = file_->append(held_);
    if (!written) {
        is_broken_ = !file_->truncate(begin);
        return written;
    }
    written_.store(begin + held_.size(), std::memory_order_release);
    held_.clear();
    return {};
}

Result<void> PackTail::truncate(std::uint64_t size) {
    const MutexLock lock(mutex_);
    const std::uint64_t written = written_.load(std::memory_order_relaxed);
    if (is_broken_) return useless();
    if (size < written) {
        CATALOG_TRY_VOID(file_->truncate(size));
        written_.store(size, std::memory_order_release);
    }
    held_.resize(size > written ? std::min<std::uint64_t>(held_.size(), size - written) : 0);
    return {};
}

Result<void> PackTail::sync() {
    const MutexLock lock(mutex_);
    CATALOG_TRY_VOID(write_held());
    return file_->sync();
}

Result<void> PackTail::close() {
    const MutexLock lock(mutex_);
    return file_->close();
}

Result<std::size_t> PackTail::read_at(const io::ReadableFile& file, std::uint64_t offset,
                                      std::span<std::byte> out) const {
    if (!holds(offset + out.size())) return file.read_at(offset, out);
    const MutexLock lock(mutex_);
    const std::uint64_t written = written_.load(std::memory_order_relaxed);
    std::size_t done = 0;
    if (offset < written) {
        const auto of_file =
            static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), written - offset));
        CATALOG_TRY(done, file.read_at(offset, out.first(of_file)));
        if (done < of_file) return done;
    }
    const std::uint64_t from = offset + done - written;
    if (from >= held_.size()) return done;
    const std::size_t more = std::min<std::size_t>(out.size() - done, held_.size() - from);
    std::ranges::copy(ByteView(held_).subspan(from, more), out.subspan(done).begin());
    return done + more;
}

}  // namespace catalog::content
