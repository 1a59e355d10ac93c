#include "encrypted_file_system.hpp"

#include <algorithm>
#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <string_view>
#include <utility>

#include "recovery_guard.hpp"

namespace catalog::kv {
namespace {

using io::FileInfo;

constexpr std::size_t kEncryptAtOnce = std::size_t{1} << 20;
constexpr std::string_view kIdentityName = "IDENTITY";
constexpr std::uint64_t kStoreNameBytesMax = 4096;

std::uint64_t without_head(std::uint64_t size) noexcept {
    return size - std::min<std::uint64_t>(size, kFileHeadBytes);
}

FileInfo without_head(FileInfo info) noexcept {
    if (info.kind == io::FileKind::kRegular) info.size = without_head(info.size);
    return info;
}

tl::unexpected<Error> not_for_encrypted(const std::string& path, const char* operation) {
    return fail(Error(Errc::kUnsupported, "an encrypted file is written once, from start to end",
                      StorageDetail{path, operation, 0})
                    .with_input(path));
}

/// Reads at any offset. The head is read when it is first needed: a file that is being made may not
/// have it yet, and one that nobody needs may be damaged.
class DecryptedFile final : public io::ReadableFile {
public:
    DecryptedFile(std::unique_ptr<io::ReadableFile> file, std::string path,
                  std::shared_ptr<const FileCipher> cipher)
        : file_(std::move(file)), path_(std::move(path)), cipher_(std::move(cipher)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        if (out.empty()) return std::size_t{0};
        if (!has_nonce_.load(std::memory_order_acquire)) {
            CATALOG_TRY(const bool there, read_head());
            if (!there) return std::size_t{0};
        }
        CATALOG_TRY(const std::size_t got, file_->read_at(kFileHeadBytes + offset, out));
        CATALOG_TRY_VOID(cipher_->apply(nonce_, offset, out.first(got), out.first(got)));
        return got;
    }
    Result<FileInfo> info() const override {
        CATALOG_TRY(const FileInfo info, file_->info());
        return without_head(info);
    }

private:
    /// Returns false when the file has no head yet, and so nothing behind it.
    Result<bool> read_head() const {
        const internal::MutexLock lock(mutex_);
        if (has_nonce_.load(std::memory_order_relaxed)) return true;
        FileHead head{};
        CATALOG_TRY(const std::size_t got, file_->read_at(0, head));
        if (got < head.size()) return false;
        const Result<FileNonce> nonce = cipher_->read_head(head);
        if (!nonce) {
            CATALOG_TRY(const FileInfo info, file_->info());
            // RocksDB makes a new IDENTITY for an empty one, and aborts over a damaged one.
            const bool dispensable =
                info.size <= kFileHeadBytes || file_name(path_) == kIdentityName;
            if (dispensable && nonce.error().code() == Errc::kDatabaseCorrupt) return false;
            return fail(nonce.error().with_input(path_));
        }
        nonce_ = *nonce;
        has_nonce_.store(true, std::memory_order_release);
        return true;
    }

    std::unique_ptr<io::ReadableFile> file_;
    std::string path_;
    std::shared_ptr<const FileCipher> cipher_;
    mutable internal::Mutex mutex_;
    mutable FileNonce nonce_{};  // written once, before has_nonce_
    mutable std::atomic<bool> has_nonce_ = false;
};

class EncryptedFile final : public io::WritableFile {
public:
    /// `nonce`: of a file that was just made; null: an existing one, which cannot be continued.
    EncryptedFile(std::unique_ptr<io::WritableFile> file, std::string path,
                  std::shared_ptr<const FileCipher> cipher, const FileNonce* nonce)
        : file_(std::move(file)), path_(std::move(path)), cipher_(std::move(cipher)) {
        if (nonce == nullptr) return;
        nonce_ = *nonce;
        appendable_ = true;
    }

    Result<void> append(ByteView bytes) override {
        if (!appendable_) return not_for_encrypted(path_, "append");
        while (!bytes.empty()) {
            const ByteView part = bytes.first(std::min(bytes.size(), kEncryptAtOnce));
            buffer_.resize(std::max(buffer_.size(), part.size()));
            const std::span<std::byte> sealed = std::span(buffer_).first(part.size());
            auto done = cipher_->apply(nonce_, end_, part, sealed);
            if (done) done = file_->append(sealed);
            // What of it stands in the file is not known.
            if (!done) appendable_ = false;
            if (!done) return done;
            end_ += part.size();
            bytes = bytes.subspan(part.size());
        }
        return {};
    }
    Result<void> write_at(std::uint64_t, ByteView) override {
        return not_for_encrypted(path_, "write");
    }
    Result<void> truncate(std::uint64_t size) override {
        if (size != this->size()) appendable_ = false;
        return file_->truncate(size + kFileHeadBytes);
    }
    Result<void> allocate(std::uint64_t offset, std::uint64_t bytes) override {
        return file_->allocate(offset + kFileHeadBytes, bytes);
    }
    Result<void> sync() override { return file_->sync(); }
    [[nodiscard]] std::uint64_t size() const override { return without_head(file_->size()); }
    Result<void> set_mode(std::uint32_t mode) override { return file_->set_mode(mode); }
    Result<void> set_modified(std::int64_t modified_ns) override {
        return file_->set_modified(modified_ns);
    }
    Result<void> close() override { return file_->close(); }

private:
    std::unique_ptr<io::WritableFile> file_;
    std::string path_;
    std::shared_ptr<const FileCipher> cipher_;
    FileNonce nonce_{};
    std::uint64_t end_ = 0;
    bool appendable_ = false;
    Bytes buffer_;
};

class EncryptedFileSystem final : public io::FileSystem {
public:
    EncryptedFileSystem(std::shared_ptr<io::FileSystem> fs,
                        std::shared_ptr<const FileCipher> cipher, std::shared_ptr<Random> random)
        : fs_(std::move(fs)), cipher_(std::move(cipher)), random_(std::move(random)) {}

    Result<std::unique_ptr<io::ReadableFile>> open_read(const std::string& path) override {
        CATALOG_TRY(auto file, fs_->open_read(path));
        return std::make_unique<DecryptedFile>(std::move(file), path, cipher_);
    }
    Result<std::unique_ptr<io::WritableFile>> open_write(const std::string& path,
                                                         io::OpenMode open_mode,
                                                         std::uint32_t mode) override {
        CATALOG_TRY(auto file, fs_->open_write(path, open_mode, mode));
        if (open_mode == io::OpenMode::kReadWrite || file->size() != 0)
            return std::make_unique<EncryptedFile>(std::move(file), path, cipher_, nullptr);
        FileNonce nonce{};
        CATALOG_TRY_VOID(random_->fill(nonce));
        CATALOG_TRY(const FileHead head, cipher_->make_head(nonce));
        CATALOG_TRY_VOID(file->append(head));
        // A log counts from its first commit on, without anything that names it: what stands in it
        // must not depend on a head that a crash can take away.
        if (wal_number(file_name(path))) CATALOG_TRY_VOID(file->sync());
        return std::make_unique<EncryptedFile>(std::move(file), path, cipher_, &nonce);
    }
    Result<std::unique_ptr<io::MappedRegion>> map(const std::string& path, std::uint64_t,
                                                  std::uint64_t) override {
        return not_for_encrypted(path, "map");
    }
    Result<std::unique_ptr<io::SafeDirectory>> open_directory(const std::string& path) override {
        return not_for_encrypted(path, "open");
    }
    Result<FileInfo> info(const std::string& path) override {
        CATALOG_TRY(const FileInfo info, fs_->info(path));
        return without_head(info);
    }
    Result<std::vector<io::DirectoryEntry>> list(const std::string& path) override {
        return fs_->list(path);
    }
    Result<void> make_directories(const std::string& path) override {
        return fs_->make_directories(path);
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        return fs_->rename(from, to);
    }
    Result<void> remove_file(const std::string& path) override { return fs_->remove_file(path); }
    Result<void> remove_directory(const std::string& path) override {
        return fs_->remove_directory(path);
    }
    Result<void> remove_tree(const std::string& path) override { return fs_->remove_tree(path); }
    Result<void> make_symlink(const std::string& target, const std::string& path) override {
        return fs_->make_symlink(target, path);
    }
    Result<std::string> read_symlink(const std::string& path) override {
        return fs_->read_symlink(path);
    }
    Result<void> hard_link(const std::string& from, const std::string& to) override {
        return fs_->hard_link(from, to);
    }
    Result<void> sync_directory(const std::string& path) override {
        return fs_->sync_directory(path);
    }
    Result<std::uint64_t> free_space(const std::string& path) override {
        return fs_->free_space(path);
    }
    Result<std::unique_ptr<io::FileLock>> try_lock(const std::string& path) override {
        return fs_->try_lock(path);
    }

private:
    std::shared_ptr<io::FileSystem> fs_;
    std::shared_ptr<const FileCipher> cipher_;
    std::shared_ptr<Random> random_;
};

tl::unexpected<Error> wrong_key(const std::string& path, const char* message, const char* hint) {
    return fail(Error(Errc::kKeyInvalid, message).with_input(path).with_hint(hint));
}

}  // namespace

std::shared_ptr<io::FileSystem> make_encrypted_file_system(std::shared_ptr<io::FileSystem> fs,
                                                           std::shared_ptr<const FileCipher> cipher,
                                                           std::shared_ptr<Random> random) {
    return std::make_shared<EncryptedFileSystem>(std::move(fs), std::move(cipher),
                                                 std::move(random));
}

Result<void> check_store_key(io::FileSystem& fs, const std::string& path,
                             const FileCipher* cipher) {
    const std::string current = io::join_path(path, "CURRENT");
    const Result<std::string> bytes = io::read_file(fs, current, kStoreNameBytesMax);
    if (!bytes && bytes.error().code() == Errc::kFileNotFound) return {};
    if (!bytes) return fail(bytes.error());
    const bool encrypted = begins_encrypted(as_bytes(*bytes));
    if (cipher == nullptr && encrypted)
        return wrong_key(path, "the database is encrypted", "give the key that it was made with");
    if (cipher == nullptr) return {};
    if (!encrypted && bytes->starts_with("MANIFEST-"))
        return wrong_key(path, "the database is not encrypted", "open it without a key");
    FileHead head{};
    if (bytes->size() < head.size())
        return fail(Error(Errc::kDatabaseCorrupt, "the database does not say which state is newest",
                          StorageDetail{current, "read", 0})
                        .with_input(path));
    std::copy_n(as_bytes(*bytes).begin(), head.size(), head.begin());
    const Result<FileNonce> nonce = cipher->read_head(head);
    if (!nonce) return fail(nonce.error().with_input(path));
    return {};
}

}  // namespace catalog::kv
