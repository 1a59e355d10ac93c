#pragma once
// A file system for fuzzing that has one file.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/io/file_system.hpp"

namespace catalog::content::fuzz {

// One file of given bytes, whatever its name; everything else is missing.
class OneFile final : public io::ReadableFile {
public:
    explicit OneFile(std::string bytes) : bytes_(std::move(bytes)) {}
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        if (offset >= bytes_.size()) return std::size_t{0};
        const ByteView from = as_bytes(bytes_).subspan(offset);
        const std::size_t count = std::min(from.size(), out.size());
        std::copy_n(from.begin(), count, out.begin());
        return count;
    }
    Result<io::FileInfo> info() const override {
        io::FileInfo info;
        info.size = bytes_.size();
        return info;
    }

private:
    std::string bytes_;
};

template <class T>
Result<T> absent() {
    return fail(Errc::kFileNotFound, "there is only one file");
}

class OneFileSystem final : public io::FileSystem {
public:
    explicit OneFileSystem(std::string bytes) : bytes_(std::move(bytes)) {}
    Result<std::unique_ptr<io::ReadableFile>> open_read(const std::string&) override {
        return std::make_unique<OneFile>(bytes_);
    }
    Result<std::unique_ptr<io::WritableFile>> open_write(const std::string&, io::OpenMode,
                                                         std::uint32_t) override {
        return absent<std::unique_ptr<io::WritableFile>>();
    }
    Result<std::unique_ptr<io::MappedRegion>> map(const std::string&, std::uint64_t,
                                                  std::uint64_t) override {
        return absent<std::unique_ptr<io::MappedRegion>>();
    }
    Result<std::unique_ptr<io::SafeDirectory>> open_directory(const std::string&) override {
        return absent<std::unique_ptr<io::SafeDirectory>>();
    }
    Result<io::FileInfo> info(const std::string&) override { return absent<io::FileInfo>(); }
    Result<std::vector<io::DirectoryEntry>> list(const std::string&) override {
        return absent<std::vector<io::DirectoryEntry>>();
    }
    Result<void> make_directories(const std::string&) override { return absent<void>(); }
    Result<void> rename(const std::string&, const std::string&) override { return absent<void>(); }
    Result<void> remove_file(const std::string&) override { return absent<void>(); }
    Result<void> remove_directory(const std::string&) override { return absent<void>(); }
    Result<void> remove_tree(const std::string&) override { return absent<void>(); }
    Result<void> make_symlink(const std::string&, const std::string&) override {
        return absent<void>();
    }
    Result<std::string> read_symlink(const std::string&) override { return absent<std::string>(); }
    Result<void> hard_link(const std::string&, const std::string&) override {
        return absent<void>();
    }
    Result<void> sync_directory(const std::string&) override { return absent<void>(); }
    Result<std::uint64_t> free_space(const std::string&) override {
        return absent<std::uint64_t>();
    }
    Result<std::unique_ptr<io::FileLock>> try_lock(const std::string&) override {
        return absent<std::unique_ptr<io::FileLock>>();
    }

private:
    std::string bytes_;
};

}  // namespace catalog::content::fuzz
