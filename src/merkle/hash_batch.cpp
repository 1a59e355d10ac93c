#include "catalog/merkle/hash_batch.hpp"

#include <algorithm>
#include <array>

#include "sha256.hpp"
#include "sha256_lanes.hpp"

namespace catalog::merkle {
namespace {

// One message on its way through a lane, as up to three runs of whole blocks: what shares a block
// with the prefix, the body where it lies, and the end with the padding of FIPS 180-4 section
// 5.1.1.
// NOLINTNEXTLINE(*-member-init): the buffer is written before it is read.
class Message {
public:
    // Begins a task with its first run.
    void begin(HashTask& task) noexcept {
        task_ = &task;
        rest_ = task.bytes;
        bytes_ = rest_.size();
        lane_.words = kSha256Start;
        filled_ = 0;
        if (task.as == HashTask::As::kLeaf) {
            buffer_[filled_++] = kLeafPrefix;
            ++bytes_;
        }
        // To begin a run takes as long as a fifth of a block: short messages are one.
        if (bytes_ < 2 * kSha256BlockBytes)
            begin_end();
        else if (filled_ != 0)
            begin_head();
        else
            begin_body();
    }

    // Goes on to the next run. Returns false when there is none: the task has its digest.
    bool advance() noexcept {
        switch (stage_) {
            case Stage::kHead:
                begin_body();
                return true;
            case Stage::kBody:
                begin_end();
                return true;
            case Stage::kEnd:
                break;
        }
        task_->digest.algorithm = HashAlgorithm::kSha256;
        std::byte* out = task_->digest.digest.data();
        for (const std::uint32_t word : lane_.words)
            for (int shift = 24; shift >= 0; shift -= 8)
                *out++ = static_cast<std::byte>(word >> shift);
        return false;
    }

    [[nodiscard]] Sha256Lane* lane() noexcept { return &lane_; }
    // Blocks that are left of the run.
    [[nodiscard]] std::size_t blocks() const noexcept { return blocks_; }
    void take(std::size_t blocks) noexcept { blocks_ -= blocks; }

private:
    enum class Stage : unsigned char { kHead, kBody, kEnd };

    void begin_run(Stage stage, const std::byte* first, std::size_t blocks) noexcept {
        stage_ = stage;
        lane_.next = first;
        blocks_ = blocks;
    }
    void fill(std::size_t count) noexcept {
        std::copy_n(rest_.begin(), count, buffer_.begin() + static_cast<std::ptrdiff_t>(filled_));
        rest_ = rest_.subspan(count);
        filled_ += count;
    }
    void begin_head() noexcept {
        fill(kSha256BlockBytes - filled_);
        begin_run(Stage::kHead, buffer_.data(), 1);
    }
    void begin_body() noexcept {
        filled_ = 0;
        const std::size_t blocks = rest_.size() / kSha256BlockBytes;
        if (blocks == 0) {
            begin_end();
            return;
        }
        begin_run(Stage::kBody, rest_.data(), blocks);
        rest_ = rest_.subspan(blocks * kSha256BlockBytes);
    }
    void begin_end() noexcept {
        fill(rest_.size());
        const std::size_t blocks =
            (filled_ + 1 + kLengthBytes + kSha256BlockBytes - 1) / kSha256BlockBytes;
        const std::size_t end = blocks * kSha256BlockBytes;
        std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(filled_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
        buffer_[filled_] = std::byte{0x80};
        std::uint64_t bits = std::uint64_t{bytes_} * 8;
        for (std::size_t at = end; at > end - kLengthBytes; bits >>= 8)
            buffer_[--at] = static_cast<std::byte>(bits);
        begin_run(Stage::kEnd, buffer_.data(), blocks);
    }

    static constexpr std::size_t kLengthBytes = 8;

    HashTask* task_ = nullptr;
    ByteView rest_;           // What no run has had.
    std::size_t bytes_ = 0;   // Of the message, prefix included.
    std::size_t blocks_ = 0;  // Of the run.
    std::size_t filled_ = 0;  // Of the buffer.
    Stage stage_ = Stage::kEnd;
    Sha256Lane lane_;
    std::array<std::byte, 3 * kSha256BlockBytes> buffer_;
};

// The messages that are on their way.
class Lanes {
public:
    explicit Lanes(std::span<HashTask> tasks) noexcept : waiting_(tasks) {
        while (count_ < busy_.size() && !waiting_.empty()) {
            busy_[count_] = &messages_[count_];
            begin_next(*busy_[count_++]);
        }
    }

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    // Lets `compress` take as many blocks of the first `count` lanes as all of these have left of
    // their runs.
    template <class Compress>
    void step(std::size_t count, const Compress& compress) noexcept {
        std::array<Sha256Lane*, kSha256WideLanes> lanes{};
        std::size_t blocks = busy_[0]->blocks();
        for (std::size_t i = 0; i < count; ++i) {
            blocks = std::min(blocks, busy_[i]->blocks());
            lanes[i] = busy_[i]->lane();
        }
        compress(lanes.data(), blocks);
        for (std::size_t i = count; i-- > 0;) {
            busy_[i]->take(blocks);
            if (busy_[i]->blocks() != 0 || busy_[i]->advance()) continue;
            if (!waiting_.empty())
                begin_next(*busy_[i]);
            else
                busy_[i] = busy_[--count_];
        }
    }

private:
    void begin_next(Message& message) noexcept {
        message.begin(waiting_.front());
        waiting_ = waiting_.subspan(1);
    }

    std::span<HashTask> waiting_;
    std::array<Message, kSha256WideLanes> messages_;
    std::array<Message*, kSha256WideLanes> busy_{};  // The first `count_`.
    std::size_t count_ = 0;
};

void hash_one_by_one(std::span<HashTask> tasks) noexcept {
    for (HashTask& task : tasks) {
        Sha256 state;
        if (task.as == HashTask::As::kLeaf) state.update(kLeafPrefix);
        state.update(task.bytes);
        task.digest = state.finish();
    }
}

// With fewer lanes than this, three narrow ones are as fast as the wide ones; measured on Sapphire
// Rapids: 1.9 GB/s with three, 3.4 GB/s with sixteen.
constexpr std::size_t kWideLanesMin = 9;
// Where only the wide ones are: OpenSSL's one lane is as fast as this many of them.
constexpr std::size_t kWideTasksMin = 3;

}  // namespace

void hash_all_with(const Sha256Kernels& kernels, std::span<HashTask> tasks) noexcept {
    const bool narrow = kernels.narrow[0] != nullptr;
    const bool wide = kernels.wide != nullptr;
    if (!narrow && (!wide || tasks.size() < kWideTasksMin)) {
        hash_one_by_one(tasks);
        return;
    }
    Lanes lanes(tasks);
    while (const std::size_t count = lanes.count()) {
        if (wide && (count >= kWideLanesMin || !narrow)) {
            lanes.step(count, [&](Sha256Lane* const* first, std::size_t blocks) {
                kernels.wide(first, count, blocks);
            });
        } else {
            const std::size_t few = std::min(count, kSha256NarrowLanes);
            lanes.step(few, kernels.narrow[few - 1]);
        }
    }
}

void hash_all(std::span<HashTask> tasks) noexcept { hash_all_with(sha256_kernels(), tasks); }

}  // namespace catalog::merkle
