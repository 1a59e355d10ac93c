// Random calls on the simulated and on the machine's file system: every answer must agree. Trailing
// slashes are left out: what Linux does with them differs from call to call.

#include <gtest/gtest.h>

#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::io::testing {
namespace {

// Deep enough that no `..` of a random path leaves the folder of the test.
constexpr const char* kBase = "/1/2/3/4";

template <class T, class Print>
std::string answer(const Result<T>& result, Print print) {
    if (!result) return std::string(errc_name(result.error().code()));
    if constexpr (std::is_void_v<T>) {
        return "ok";
    } else {
        return print(*result);
    }
}

std::string answer(const Result<void>& result) {
    return result ? "ok" : std::string(errc_name(result.error().code()));
}

std::string to_text(const FileInfo& info) {
    const bool folder = info.kind == FileKind::kDirectory;
    const bool link = info.kind == FileKind::kSymlink;
    return std::to_string(static_cast<int>(info.kind)) + " size " +
           (folder ? "-" : std::to_string(info.size)) + " mode " +
           (link ? "-" : std::to_string(info.mode));
}

std::string to_text(const std::vector<DirectoryEntry>& entries) {
    std::string text;
    for (const DirectoryEntry& entry : entries)
        text += entry.name + ":" + std::to_string(static_cast<int>(entry.kind)) + " ";
    return text;
}

// One of the two worlds. The same random numbers make the same calls.
class Actor {
public:
    Actor(FileSystem& fs, std::string root) : fs_(fs), base_(std::move(root) + kBase) {
        must(fs_.make_directories(base_));
        safe_ = must(fs_.open_directory(base_));
    }

    // Makes one call and returns what it was and what came of it.
    std::string act(SeededRandom random) {
        const std::string a = random_path(random);
        const std::string b = random_path(random);
        const std::string at_a = base_ + "/" + a;
        const std::string at_b = base_ + "/" + b;
        const std::string call = a + " " + b + ": ";
        switch (random.below(22)) {
            case 0:
                return "mkdir " + call + answer(fs_.make_directories(at_a));
            case 1:
                return "rename " + call + answer(fs_.rename(at_a, at_b));
            case 2:
                return "unlink " + call + answer(fs_.remove_file(at_a));
            case 3:
                return "rmdir " + call + answer(fs_.remove_directory(at_a));
            case 4:
                return "rmtree " + call + answer(fs_.remove_tree(at_a));
            case 5:
                return "symlink " + call + answer(fs_.make_symlink(b, at_a));
            case 6:
                return "link " + call + answer(fs_.hard_link(at_a, at_b));
            case 7:
                return "sync " + call + answer(fs_.sync_directory(at_a));
            case 8:
                return "readlink " + call +
                       answer(fs_.read_symlink(at_a), [](const std::string& text) { return text; });
            case 9:
                return "info " + call +
                       answer(fs_.info(at_a), [](const FileInfo& info) { return to_text(info); });
            case 10:
                return "list " + call +
                       answer(fs_.list(at_a), [](const auto& entries) { return to_text(entries); });
            case 11:
                return "read " + call + read(at_a);
            case 12:
                return "map " + call + map(at_a, random.below(20));
            case 13:
                return "write " + call + write(at_a, random);
            case 14:
                return "write " + call + write(at_b, random);
            default:
                return "safe " + act_safely(a, b, random);
        }
    }

    // Everything beneath the folder.
    std::string dump() {
        std::string text;
        std::vector<std::string> open{base_};
        while (!open.empty()) {
            const std::string folder = open.back();
            open.pop_back();
            for (const DirectoryEntry& entry : must(fs_.list(folder))) {
                const std::string path = folder + "/" + entry.name;
                text += path.substr(base_.size()) + " " + to_text(must(fs_.info(path)));
                if (entry.kind == FileKind::kRegular) text += " " + read(path);
                if (entry.kind == FileKind::kSymlink) text += " " + must(fs_.read_symlink(path));
                if (entry.kind == FileKind::kDirectory) open.push_back(path);
                text += "\n";
            }
        }
        return text;
    }

private:
    static std::string random_path(SeededRandom& random) {
        std::string path;
        const std::uint64_t depth = 1 + random.below(3);
        for (std::uint64_t i = 0; i < depth; ++i) {
            static constexpr const char* kNames[] = {"a", "b", "c", "a", "b", "c", "a", ".", ".."};
            path += (i > 0 ? "/" : "") + std::string(kNames[random.below(std::size(kNames))]);
        }
        return path;
    }

    std::string act_safely(const std::string& a, const std::string& b, SeededRandom& random) {
        const std::string call = a + " " + b + ": ";
        switch (random.below(7)) {
            case 0:
                return "mkdir " + call + answer(safe_->make_directories(a));
            case 1:
                return "unlink " + call + answer(safe_->remove_file(a));
            case 2:
                return "rmtree " + call + answer(safe_->remove_tree(a));
            case 3:
                return "symlink " + call + answer(safe_->make_symlink(b, a));
            case 4:
                return "info " + call +
                       answer(safe_->info(a), [](const FileInfo& info) { return to_text(info); });
            case 5:
                return "list " + call +
                       answer(safe_->list(a), [](const auto& entries) { return to_text(entries); });
            default:
                break;
        }
        auto file = safe_->create_file(a, 0755);
        if (!file) return "create " + call + answer(file, [](const auto&) { return ""; });
        return "create " + call + answer((*file)->append(as_bytes(b)));
    }

    std::string read(const std::string& path) {
        return answer(read_file(fs_, path, 1u << 20), [](const std::string& text) { return text; });
    }

    std::string map(const std::string& path, std::uint64_t length) {
        return answer(fs_.map(path, 0, length), [](const std::unique_ptr<MappedRegion>& region) {
            return std::string(as_text(region->bytes()));
        });
    }

    std::string write(const std::string& path, SeededRandom& random) {
        auto file = fs_.open_write(path, static_cast<OpenMode>(random.below(4)));
        if (!file) return std::string(errc_name(file.error().code()));
        std::string text;
        for (int i = 0; i < 3; ++i) {
            const std::string bytes(random.below(6), static_cast<char>('p' + i));
            switch (random.below(4)) {
                case 0:
                    text += answer((*file)->append(as_bytes(bytes)));
                    break;
                case 1:
                    text += answer((*file)->write_at(random.below(12), as_bytes(bytes)));
                    break;
                case 2:
                    text += answer((*file)->truncate(random.below(12)));
                    break;
                default:
                    text += answer((*file)->set_mode(random.chance(50) ? 0700 : 0640));
                    break;
            }
            text += " " + std::to_string((*file)->size()) + " ";
        }
        return text;
    }

    FileSystem& fs_;
    std::string base_;
    std::unique_ptr<SafeDirectory> safe_;
};

void expect_agreement(SafePathMethod method, std::uint64_t first_seed, std::uint64_t seeds) {
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        PosixOptions options;
        options.safe_path_method = method;
        const auto posix = make_posix_file_system(options);
        const auto simulated = SimulatedFileSystem::make();
        const TemporaryFolder folder;
        Actor real(*posix, folder.path());
        Actor model(*simulated, "/t");
        SeededRandom random(seed);
        std::string history;
        for (int step = 0; step < 150; ++step) {
            const SeededRandom numbers(random.next());
            const std::string got = real.act(numbers);
            history += got + "\n";
            ASSERT_EQ(model.act(numbers), got) << history;
        }
        ASSERT_EQ(model.dump(), real.dump()) << history;
    }
}

TEST(Differential, SimulatedAndPosixAgree) { expect_agreement(SafePathMethod::kAutomatic, 1, 40); }

TEST(Differential, SimulatedAndPosixByComponentsAgree) {
    expect_agreement(SafePathMethod::kComponents, 1001, 20);
}

}  // namespace
}  // namespace catalog::io::testing
