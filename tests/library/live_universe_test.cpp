// Resolving over a frozen universe and what changed since gives the answers of the index, whatever
// becomes of the file.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "catalog/library/resolution.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"
#include "universe_file.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;

constexpr const char* kPath = "/library";

/// Opens the library so that it keeps a universe of any number of versions, or never.
std::unique_ptr<AssetLibrary> open_with(const Environment& environment, bool frozen,
                                        bool read_only = false) {
    LibraryOptions options;
    options.create_if_missing = true;
    options.read_only = read_only;
    options.frozen_versions_min = frozen ? 1 : ~std::uint64_t{0};
    options.frozen_in_background = false;
    return must(AssetLibrary::open(kPath, options, environment));
}

/// Returns how many lines were taken.
std::uint64_t import_lines(AssetLibrary& library, const std::string& lines) {
    const auto report = must(library.import_metadata(content::source_of(as_bytes(lines)), false));
    return report.imported;
}

resolve::Request request_for(const std::vector<std::string>& roots) {
    ResolutionText text;
    text.requests = roots;
    return must(read_resolution(text));
}

std::string answer_of(AssetLibrary& library, const resolve::Request& request) {
    const Result<resolve::Solution> solution = solve(library, request, Solver::kSat, {});
    if (!solution) {
        std::string text = solution.error().to_string();
        if (const auto* detail = solution.error().detail_as<ResolutionDetail>())
            for (const std::string& step : detail->steps) text += "\n" + step;
        return text;
    }
    std::string text;
    for (const resolve::Resolved& one : solution->packages)
        text += one.name + " " + one.candidate.version.to_string() + ", ";
    for (const resolve::Edge& edge : solution->edges)
        text += std::to_string(edge.from) + ">" + std::to_string(edge.to) + edge.as + " ";
    return text;
}

std::string answer_of(AssetLibrary& library, const std::vector<std::string>& roots) {
    return answer_of(library, request_for(roots));
}

const char* const kSmallList =
    R"({"name":"app","version":"1.0.0","dependencies":[{"name":"base","req":"^1"}]})"
    "\n"
    R"({"name":"base","version":"1.0.0"})"
    "\n"
    R"({"name":"base","version":"2.0.0"})"
    "\n";

bool file_is_there(SimulatedFileSystem& disk) {
    return must(io::exists(disk, universe_path(kPath)));
}

/// Writes one more line of a random list: names a to h, dependencies, sometimes a virtual name.
std::string random_line(std::mt19937& random, int number) {
    const auto name = [&random] { return std::string(1, static_cast<char>('a' + random() % 8)); };
    std::string line = R"({"name":")" + name() + R"(","version":")" +
                       std::to_string(1 + random() % 3) + "." + std::to_string(number) + ".0\"";
    line += R"(,"dependencies":[)";
    const std::size_t count = random() % 3;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string wanted = random() % 6 == 0 ? "virtual" : name();
        line += std::string(i == 0 ? "" : ",") + R"({"name":")" + wanted + R"(","req":">=)" +
                std::to_string(1 + random() % 2) + "\"}";
    }
    line += "]";
    if (random() % 6 == 0) line += R"(,"provides":[{"name":"virtual","version":"1.0.0"}])";
    return line + "}\n";
}

TEST(LiveUniverse, AnswersLikeTheIndexWhateverIsPublished) {
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
        std::mt19937 random(seed);
        const auto frozen = open_with(environment_on(SimulatedFileSystem::make()), true);
        const auto plain = open_with(environment_on(SimulatedFileSystem::make()), false);
        const std::vector<std::vector<std::string>> requests{
            {"a"}, {"b", "c"}, {"d@1", "e"}, {"virtual"}, {"f", "g", "h"}, {"a@>=2", "virtual"}};
        for (int step = 0; step < 25; ++step) {
            if (step > 5 && random() % 3 == 0) {
                const char* const events[] = {"yank", "unyank", "deprecate", "archive"};
                const std::string event = events[random() % 4];
                const auto page = must(plain->list({}, 100));
                if (page.entries.empty()) continue;
                const PackageId id = page.entries[random() % page.entries.size()].id;
                EXPECT_EQ(plain->change_state(id, event, "").has_value(),
                          frozen->change_state(id, event, "").has_value());
            } else {
                std::string lines;
                for (int i = 0; i < 3; ++i) lines += random_line(random, step * 3 + i);
                EXPECT_EQ(import_lines(*frozen, lines), import_lines(*plain, lines));
            }
            for (const auto& roots : requests)
                ASSERT_EQ(answer_of(*frozen, roots), answer_of(*plain, roots))
                    << "seed " << seed << " step " << step << " " << roots.front();
        }
    }
}

TEST(LiveUniverse, IsAFileThatTheNextOpeningUses) {
    const auto disk = SimulatedFileSystem::make();
    import_lines(*open_with(environment_on(disk), true), kSmallList);
    ASSERT_TRUE(file_is_there(*disk)) << "made by the import";
    const std::string before = must(io::read_file(*disk, universe_path(kPath), 1u << 20));
    const auto library = open_with(environment_on(disk, 2), true);
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
    must(library->publish(small_draft("base", "1.5.0")));
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.5.0, 0>1base ");
    EXPECT_EQ(must(io::read_file(*disk, universe_path(kPath), 1u << 20)), before)
        << "a publication does not write it";
}

TEST(LiveUniverse, OfASmallLibraryIsNotKept) {
    const auto disk = SimulatedFileSystem::make();
    const auto library = open_library(environment_on(disk));
    import_lines(*library, kSmallList);
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
    EXPECT_FALSE(file_is_there(*disk));
}

TEST(LiveUniverse, DamageOfTheFileIsMendedUnseen) {
    const auto disk = SimulatedFileSystem::make();
    import_lines(*open_with(environment_on(disk), true), kSmallList);
    const std::string sound = must(io::read_file(*disk, universe_path(kPath), 1u << 20));
    for (std::size_t at = 0; at < sound.size(); at += 41) {
        std::string damaged = sound;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
        must(io::write_file_durably(*disk, universe_path(kPath), as_bytes(damaged)));
        const auto library = open_with(environment_on(disk, at + 2), true);
        const auto findings = must(library->verify(false)).findings;
        ASSERT_EQ(findings.size(), 1u) << at;
        EXPECT_EQ(findings.front().where, "universe");
        ASSERT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ") << at;
        EXPECT_TRUE(must(library->verify(false)).findings.empty()) << "made anew by the resolution";
    }
    EXPECT_EQ(must(io::read_file(*disk, universe_path(kPath), 1u << 20)), sound);
}

TEST(LiveUniverse, ACutOffOrEmptyFileIsMendedUnseen) {
    const auto disk = SimulatedFileSystem::make();
    import_lines(*open_with(environment_on(disk), true), kSmallList);
    const std::string sound = must(io::read_file(*disk, universe_path(kPath), 1u << 20));
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{63}, std::size_t{64}, std::size_t{600}, sound.size() - 1}) {
        must(io::write_file_durably(*disk, universe_path(kPath), as_bytes(sound).first(size)));
        const auto library = open_with(environment_on(disk, size + 2), true);
        EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ") << size;
        EXPECT_EQ(must(io::read_file(*disk, universe_path(kPath), 1u << 20)), sound) << size;
    }
}

TEST(LiveUniverse, AnotherLibrarysFileIsNotTaken) {
    const auto disk = SimulatedFileSystem::make();
    import_lines(*open_with(environment_on(disk), true), kSmallList);
    const auto other_disk = SimulatedFileSystem::make();
    import_lines(*open_with(environment_on(other_disk, 9), true),
                 R"({"name":"app","version":"3.0.0"})"
                 "\n");
    const std::string foreign = must(io::read_file(*other_disk, universe_path(kPath), 1u << 20));
    must(io::write_file_durably(*disk, universe_path(kPath), as_bytes(foreign)));
    const auto library = open_with(environment_on(disk, 2), true);
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
}

/// As after a copy of the library was put back: as many changes, but others.
TEST(LiveUniverse, AFileOfAnotherCourseOfThingsIsNotTaken) {
    const auto disk = SimulatedFileSystem::make();
    import_lines(*open_with(environment_on(disk), true), kSmallList);
    const auto copy = disk->recover(io::testing::CrashPolicy::kKeepAll);
    const char* const here = R"({"name":"base","version":"1.1.0"})";
    const char* const there = R"({"name":"base","version":"1.2.0"})";
    {
        const auto library = open_with(environment_on(copy, 2), true);
        must(copy->remove_file(universe_path(kPath)));
        import_lines(*open_with(environment_on(disk, 2), true), there);
        import_lines(*library, here);
    }
    const std::string file = must(io::read_file(*copy, universe_path(kPath), 1u << 20));
    must(io::write_file_durably(*disk, universe_path(kPath), as_bytes(file)));
    const auto library = open_with(environment_on(disk, 3), true);
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.2.0, 0>1base ");
}

TEST(LiveUniverse, RepairRemovesTheFile) {
    const auto disk = SimulatedFileSystem::make();
    const auto library = open_with(environment_on(disk), true);
    import_lines(*library, kSmallList);
    must(io::write_file_durably(*disk, universe_path(kPath), as_bytes(std::string("nonsense"))));
    EXPECT_TRUE(must(library->repair()).remaining.empty());
    EXPECT_FALSE(file_is_there(*disk));
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
}

TEST(LiveUniverse, AReaderMakesTheFileAndSeesWhatIsPublishedLater) {
    const auto disk = SimulatedFileSystem::make();
    const auto writer = open_with(environment_on(disk), false);
    import_lines(*writer, kSmallList);
    const auto reader = open_with(environment_on(disk, 2), true, true);
    EXPECT_EQ(answer_of(*reader, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
    EXPECT_TRUE(file_is_there(*disk));
    must(writer->publish(small_draft("base", "1.1.0")));
    EXPECT_EQ(answer_of(*reader, {"app"}), "app 1.0.0, base 1.1.0, 0>1base ");
    must(writer->change_state(must(PackageId::parse("base@1.1.0")), "yank", "broken"));
    EXPECT_EQ(answer_of(*reader, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
}

TEST(LiveUniverse, IsKeptInMemoryWhereItCannotBeWritten) {
    const auto disk = SimulatedFileSystem::make();
    const auto library = open_with(environment_on(disk), true);
    // A file where the folder should be.
    must(io::write_file_durably(*disk, "/library/index", as_bytes(std::string("in the way"))));
    import_lines(*library, kSmallList);
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
    must(library->publish(small_draft("base", "1.1.0")));
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.1.0, 0>1base ");
}

TEST(LiveUniverse, ALockMayNameAnArchivedVersion) {
    for (const bool archived_before : {false, true}) {
        const auto disk = SimulatedFileSystem::make();
        const auto library = open_with(environment_on(disk), true);
        import_lines(*library, kSmallList);
        import_lines(
            *library,
            R"({"name":"base","version":"1.7.0","provides":[{"name":"v","version":"1.0.0"}]})"
            "\n"
            R"({"name":"other","version":"1.0.0","dependencies":[{"name":"v","req":"*"}]})"
            "\n");
        must(library->change_state(must(PackageId::parse("base@1.7.0")), "archive", "old"));
        // The universe has it, or was made when it was archived already.
        if (archived_before) must(library->repair());
        resolve::Request request = request_for({"app"});
        request.locked.push_back({"base", must(version::SemVer::parse("1.7.0")), ""});
        EXPECT_EQ(answer_of(*library, request), "app 1.0.0, base 1.7.0, 0>1base ");
        EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
        request.roots = request_for({"other"}).roots;
        EXPECT_EQ(answer_of(*library, request), "base 1.7.0, other 1.0.0, 1>0v ");
        EXPECT_NE(answer_of(*library, {"other"}), answer_of(*library, request));
    }
}

TEST(LiveUniverse, AnInterruptionOfItsMakingEndsTheResolutionAlone) {
    const auto disk = SimulatedFileSystem::make();
    import_lines(*open_with(environment_on(disk), false), kSmallList);
    const auto library = open_with(environment_on(disk, 2), true);
    struct Stopper final : ProgressSink {
        void update(const ProgressUpdate& update) noexcept override {
            seen = std::string(update.operation) + " " + std::string(update.phase);
            source.request_stop();
        }
        std::stop_source source;
        std::string seen;
    };
    Stopper stopper;
    CallContext context;
    context.stop = stopper.source.get_token();
    context.progress = &stopper;
    const auto stopped = solve(*library, request_for({"app"}), Solver::kSat, context);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code(), Errc::kCancelled);
    EXPECT_EQ(stopper.seen, "resolve freeze");
    EXPECT_FALSE(file_is_there(*disk));
    EXPECT_EQ(answer_of(*library, {"app"}), "app 1.0.0, base 1.0.0, 0>1base ");
    EXPECT_TRUE(file_is_there(*disk));
}

}  // namespace
}  // namespace catalog::library::testing
