#include "catalog/content/key_use.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <optional>

#include "catalog/content/pack_format.hpp"
#include "page_cipher.hpp"

namespace catalog::content {
namespace {

using UseByGeneration = std::map<KeyGeneration, KeyUse>;

// A damaged header may have the cipher's part whole; where its two places differ nobody knows.
KeyGeneration generation_of_pack(ByteView head) {
    if (const auto header = decode_pack_header(head)) {
        const std::optional<PackCipherHeader>& cipher = header->cipher;
        if (cipher) return cipher->generation;
    }
    const auto candidates = cipher_headers_of(head);
    return candidates.size() == 1 ? candidates.front().generation : KeyGeneration{0};
}

Result<Bytes> read_page(io::FileSystem& fs, const std::string& path, std::uint64_t offset) {
    CATALOG_TRY(const auto file, fs.open_read(path));
    Bytes page(kIndexPageBytes);
    CATALOG_TRY(const std::size_t count, file->read_at(offset, page));
    page.resize(count);
    return page;
}

// Adds the files of one folder; one that is not there has none.
Result<void> add_folder(io::FileSystem& fs, const std::string& folder, bool put_aside,
                        UseByGeneration& use) {
    const auto entries = fs.list(folder);
    if (!entries && entries.error().code() == Errc::kFileNotFound) return {};
    if (!entries) return fail(entries.error());
    for (const io::DirectoryEntry& entry : *entries) {
        const bool is_run = !put_aside && parse_run_file_name(entry.name).has_value();
        const bool is_pack = put_aside || parse_pack_file_name(entry.name).has_value();
        if (entry.kind != io::FileKind::kRegular || (!is_run && !is_pack)) continue;
        const std::string path = io::join_path(folder, entry.name);
        const auto info = fs.info(path);
        // One that was removed meanwhile uses nothing.
        if (!info && info.error().code() == Errc::kFileNotFound) continue;
        if (!info) return fail(info.error());
        const std::uint64_t last_page = info->size - std::min(info->size, kIndexPageBytes);
        const auto page = read_page(fs, path, is_run ? last_page : 0);
        if (!page && page.error().code() == Errc::kFileNotFound) continue;
        if (!page) return fail(page.error());
        const KeyGeneration generation =
            is_run ? generation_of_page(*page) : generation_of_pack(*page);
        KeyUse& each = use[generation];
        each.generation = generation;
        if (put_aside)
            each.bytes_put_aside += info->size;
        else
            each.bytes += info->size;
        if (!put_aside && is_pack) ++each.packs;
    }
    return {};
}

}  // namespace

Result<std::vector<KeyUse>> find_key_use(io::FileSystem& fs, const std::string& directory) {
    UseByGeneration use;
    CATALOG_TRY_VOID(add_folder(fs, io::join_path(directory, "packs"), false, use));
    CATALOG_TRY_VOID(add_folder(fs, io::join_path(directory, "quarantine"), true, use));
    std::vector<KeyUse> all;
    all.reserve(use.size());
    for (const auto& [generation, each] : use) all.push_back(each);
    return all;
}

std::vector<KeyGeneration> unused_generations(const std::vector<KeyGeneration>& generations,
                                              const std::vector<KeyUse>& use) {
    std::vector<KeyGeneration> unused;
    for (const KeyUse& each : use)
        if (each.generation == KeyGeneration{0} && each.bytes != 0) return unused;
    for (const KeyGeneration generation : generations) {
        const bool used = std::ranges::any_of(
            use, [&](const KeyUse& each) { return each.generation == generation; });
        if (generation != generations.back() && !used) unused.push_back(generation);
    }
    return unused;
}

}  // namespace catalog::content
