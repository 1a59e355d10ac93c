// Stored trees: a list of any bytes is exported as what its file table says or refused, with copies
// and with hard links of a cache whose files were changed, and nothing is written elsewhere; a
// folder that was stored comes out as it went in.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/lifecycle/content_exporter.hpp"
#include "catalog/lifecycle/file_cache.hpp"
#include "catalog/lifecycle/stored_tree.hpp"
#include "support/content/memory_content_storage.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/byte_feed.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace {

using namespace catalog;             // NOLINT: one file, one program
using namespace catalog::lifecycle;  // NOLINT
using fakes::ByteFeed;
using fakes::require;
using io::testing::must;
using io::testing::SimulatedFileSystem;

/// Path -> "folder", "-> target", or mode and bytes.
using Listing = std::map<std::string, std::string>;

Listing listing_of(io::FileSystem& fs, const std::string& root) {
    Listing listing;
    std::vector<std::string> pending{""};
    while (!pending.empty()) {
        const std::string folder = pending.back();
        pending.pop_back();
        for (const io::DirectoryEntry& entry : must(fs.list(io::join_path(root, folder)))) {
            const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
            const std::string full = io::join_path(root, path);
            if (entry.kind == io::FileKind::kDirectory) {
                listing[path] = "folder";
                pending.push_back(path);
            } else if (entry.kind == io::FileKind::kSymlink) {
                listing[path] = "-> " + must(fs.read_symlink(full));
            } else {
                listing[path] = std::to_string(must(fs.info(full)).mode & 0777) + " " +
                                must(io::read_file(fs, full, 1u << 24));
            }
        }
    }
    return listing;
}

// Links of a cache are read-only.
Listing without_write_bits(Listing listing) {
    for (auto& [path, what] : listing) {
        if (what.starts_with("420 ")) what.replace(0, 3, "292");
        if (what.starts_with("493 ")) what.replace(0, 3, "365");
    }
    return listing;
}

struct Bed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::unique_ptr<kv::KeyValueStore> store = kv::make_memory_store(4);
    kv::CommitQueue queue{*store};
    content::testing::MemoryContentStorage content{
        *store,
        queue,
        {kv::Family{0}, kv::Family{1}, kv::Family{2}, kv::Family{3}},
        make_system_clock(),
        package::for_each_tree};
    Services services;

    Bed() {
        must(disk->make_directories("/in"));
        must(disk->make_directories("/out"));
        services.fs = disk;
        services.clock = make_system_clock();
        services.content = &content;
        services.limits.package_files_max = 1000;
    }
    ~Bed() { queue.close(); }
    ContentHash put(std::string_view bytes) {
        const auto source = content::testing::slices_of(as_bytes(bytes), 4096);
        return must(content.store(source, "owner", CallContext())).id;
    }
    void write(const std::string& path, std::string_view bytes, std::uint32_t mode) const {
        const auto file = must(disk->open_write(path, io::OpenMode::kTruncate, mode));
        must(file->append(as_bytes(bytes)));
        must(file->set_mode(mode));
        must(file->close());
    }
};

// What stands in an exported folder is what the table says.
void check_export(const Bed& bed, const package::FileTable& table, const std::string& out) {
    Listing expected;
    for (const package::FileEntry& entry : table.entries()) {
        for (std::size_t at = entry.path.find('/'); at != std::string::npos;
             at = entry.path.find('/', at + 1))
            expected[entry.path.substr(0, at)] = "folder";
        std::string& what = expected[entry.path];
        if (entry.kind == package::FileEntryKind::kDirectory) what = "folder";
        if (entry.kind == package::FileEntryKind::kSymlink) what = "-> " + entry.target;
        if (entry.kind != package::FileEntryKind::kRegular) continue;
        what = std::to_string(entry.mode) + " ";
        const auto bytes = must(bed.services.content->retrieve_all(entry.tree, 1u << 20, {}));
        require(bytes.size() == entry.size);
        what += as_text(bytes);
    }
    require(listing_of(*bed.disk, out) == expected);
}

/// Exports it twice by hard links, between which the cache is changed as the input says.
void try_links(const Bed& bed, const ContentHash& id, const Listing& expected, ByteFeed& feed) {
    FileCacheOptions limits;
    limits.bytes_max = 1 + feed.number() % 100'000;
    FileCache cache(bed.disk, "/cache", limits);
    ExportOptions options;
    options.sharing = FileSharing::kLink;
    options.cache = &cache;
    const ContentExporter exporter(bed.services);
    must(exporter.export_tree(id, "/out/linked", options, CallContext()));
    require(without_write_bits(listing_of(*bed.disk, "/out/linked")) ==
            without_write_bits(expected));
    const bool has_cache = must(io::exists(*bed.disk, "/cache"));
    const Listing cached = has_cache ? listing_of(*bed.disk, "/cache") : Listing();
    for (const auto& [path, what] : cached) {
        if (what == "folder") continue;
        const std::string full = "/cache/" + path;
        switch (feed.byte() % 6) {
            case 1:
                must(bed.disk->remove_file(full));
                break;
            case 2:
                must(bed.disk->remove_file(full));
                bed.write(full, feed.text(), 0444);
                break;
            case 3:
                bed.write("/cache/usage", feed.text(), 0644);
                break;
            default:
                break;
        }
    }
    must(exporter.export_tree(id, "/out/again", options, CallContext()));
    require(without_write_bits(listing_of(*bed.disk, "/out/again")) ==
            without_write_bits(expected));
    (void)must(cache.usage());
    (void)must(cache.verify(true, *bed.services.clock, CallContext()));
    require(must(cache.verify(false, *bed.services.clock, CallContext())).empty());
    (void)must(cache.prune(false));
}

// An object of any bytes, referenced as a list or not.
void try_table(std::string_view bytes, ByteFeed feed) {
    Bed bed;
    // What tables of seeds name.
    for (const std::string_view object : {"", "one", "a file that may be executed"})
        (void)bed.put(object);
    const ContentHash id = bed.put(bytes);
    const auto found = find_tree(bed.content, id, bed.services.limits, CallContext());
    const auto exported =
        ContentExporter(bed.services).export_tree(id, "/out/tree", ExportOptions(), CallContext());
    require(!exported || (found && *found));
    const Listing out = listing_of(*bed.disk, "/out");
    const Listing all = listing_of(*bed.disk, "/");
    for (const auto& [path, what] : all) {
        const bool is_ours = path == "in" || path == "out" || path.starts_with("out/tree");
        require(is_ours);
    }
    if (!exported) {
        require(out.empty());
        return;
    }
    check_export(bed, **found, "/out/tree");
    try_links(bed, id, listing_of(*bed.disk, "/out/tree"), feed);
}

// Makes files, links and folders of names that the input says, as far as there can be such.
void make_tree(const Bed& bed, ByteFeed& feed) {
    for (int count = 0; count < 30 && !feed.empty(); ++count) {
        const std::uint8_t kind = feed.byte();
        std::string name = feed.text().substr(0, 20);
        const bool is_name = !name.empty() && name != "." && name != ".." &&
                             name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
        if (!is_name) name = std::string(1, static_cast<char>('a' + kind % 7));
        std::string folder = "/in";
        if (kind % 4 == 1) folder += "/deep";
        if (kind % 4 == 2) folder += "/deep/er";
        if (!bed.disk->make_directories(folder)) continue;
        const std::string path = folder + "/" + name;
        if (bed.disk->info(path)) continue;
        if (kind < 160) {
            bed.write(path, feed.text(), kind % 2 == 0 ? 0644 : 0755);
        } else if (kind < 220) {
            (void)bed.disk->make_symlink(feed.text(), path);
        } else {
            must(bed.disk->make_directories(path));
        }
    }
}

void try_folder(ByteFeed feed) {
    Bed bed;
    make_tree(bed, feed);
    const auto stored = put_tree(bed.services, "/in", "owner", CallContext());
    if (!stored) return;
    const auto table = must(find_tree(bed.content, stored->id, bed.services.limits, {}));
    require(table.has_value() && table->total_bytes() == stored->bytes);
    require(must(put_tree(bed.services, "/in", "other", CallContext())).id == stored->id);
    must(ContentExporter(bed.services)
             .export_tree(stored->id, "/out/tree", ExportOptions(), CallContext()));
    const Listing listing = listing_of(*bed.disk, "/out/tree");
    require(listing == listing_of(*bed.disk, "/in"));
    try_links(bed, stored->id, listing, feed);
}

}  // namespace

// The first byte: whether the rest is an object or says what a folder holds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        try_table(input, ByteFeed(input.substr(input.size() / 2)));
    else
        try_folder(ByteFeed(input));
    return 0;
}
