#pragma once
// A stored tree with everything that trees have, and folders to export it to.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/lifecycle/content_exporter.hpp"
#include "catalog/lifecycle/stored_tree.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::lifecycle {

using content::testing::noise;
using content::testing::prose;
using content::testing::RealContentBed;
using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

/// Path -> what stands there: "folder", "-> target", or mode and bytes.
using Listing = std::map<std::string, std::string>;

inline Listing listing_of(io::FileSystem& fs, const std::string& root) {
    Listing listing;
    std::vector<std::string> pending{""};
    while (!pending.empty()) {
        const std::string folder = pending.back();
        pending.pop_back();
        const std::string at = folder.empty() ? root : io::join_path(root, folder);
        for (const io::DirectoryEntry& entry : must(fs.list(at))) {
            const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
            const std::string full = io::join_path(root, path);
            if (entry.kind == io::FileKind::kDirectory) {
                listing[path] = "folder";
                pending.push_back(path);
            } else if (entry.kind == io::FileKind::kSymlink) {
                listing[path] = "-> " + must(fs.read_symlink(full));
            } else {
                listing[path] = std::to_string(must(fs.info(full)).mode) + " " +
                                must(io::read_file(fs, full, 1u << 24));
            }
        }
    }
    return listing;
}

struct TreeBed {
    explicit TreeBed(std::size_t threads = 1) {
        must(disk->make_directories("/in/deep/deeper"));
        must(disk->make_directories("/in/empty/within"));
        must(disk->make_directories("/out"));
        must(disk->sync_directory("/"));
        write("a", prose(10, 1), 0644);
        write("b", Bytes(), 0644);
        write("tool", noise(70'000, 2), 0755);
        write("deep/copy", noise(70'000, 2), 0644);
        write("deep/large", prose(400'000, 3), 0644);
        write("deep/deeper/none", Bytes(), 0755);
        for (std::uint64_t i = 0; i < 20; ++i)
            write("deep/deeper/" + std::to_string(i), noise(i * 50, i % 7), 0644);
        must(disk->make_symlink("../tool", "/in/deep/link"));
        content::ContentOptions options;
        options.file_system = store_disk;
        options.directory = "/library";
        options.lists = package::for_each_tree;
        options.packs.pack_bytes_max = 64 * 1024;
        options.executor = make_thread_pool(threads);
        bed = std::make_unique<RealContentBed>(std::move(options));
        services.fs = disk;
        services.clock = make_system_clock();
        services.content = &bed->storage();
    }

    void write(const std::string& path, ByteView bytes, std::uint32_t mode) const {
        const auto file =
            must(disk->open_write(io::join_path("/in", path), io::OpenMode::kCreateNew, mode));
        must(file->append(bytes));
        must(file->set_mode(mode));
        must(file->close());
    }
    StoredTree put() const { return must(put_tree(services, "/in", "owner", CallContext())); }
    Result<ExportReport> get(const ContentHash& id, const std::string& out) const {
        return ContentExporter(services).export_tree(id, out, ExportOptions(), CallContext());
    }

    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::shared_ptr<SimulatedFileSystem> store_disk = SimulatedFileSystem::make();
    std::unique_ptr<RealContentBed> bed;
    Services services;
};

}  // namespace catalog::lifecycle
