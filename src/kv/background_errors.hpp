#pragma once
// BackgroundErrors: what failed in RocksDB's own threads, which it tells nobody but the next write.

#include <rocksdb/listener.h>

#include <atomic>

namespace catalog::kv {

/// Hears of every error that makes RocksDB refuse writes. Where a flush met a full disk, nothing is
/// lost: what it would have written stands in the logs, and DB::Resume tries again. After any
/// other error only a new opening knows what is there.
///
/// Thread safety: any thread.
class BackgroundErrors final : public rocksdb::EventListener {
public:
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                           rocksdb::Status* status) override {
        if (status->IsNoSpace() && is_of_background(reason)) {
            // After a compaction that failed so writes go on.
            if (reason != rocksdb::BackgroundErrorReason::kCompaction) short_of_space_ = true;
        } else {
            failed_ = true;
        }
    }

    // RocksDB would look for space every five seconds, on a thread of its own; the next write knows
    // better when there is some.
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                              bool* auto_recovery) override {
        *auto_recovery = false;
    }

    /// Whether what failed, failed for lack of space and can be tried again.
    [[nodiscard]] bool short_of_space() const noexcept { return short_of_space_ && !failed_; }
    void set_short_of_space(bool value) noexcept { short_of_space_ = value; }

private:
    // "No WAL" says that the current log is empty; ours are always written.
    static bool is_of_background(rocksdb::BackgroundErrorReason reason) noexcept {
        using Reason = rocksdb::BackgroundErrorReason;
        switch (reason) {
            case Reason::kFlush:
            case Reason::kFlushNoWAL:
            case Reason::kCompaction:
            case Reason::kManifestWrite:
            case Reason::kManifestWriteNoWAL:
                return true;
            case Reason::kWriteCallback:
            case Reason::kMemTable:
                return false;
        }
        return false;
    }

    std::atomic<bool> short_of_space_ = false;
    std::atomic<bool> failed_ = false;
};

}  // namespace catalog::kv
