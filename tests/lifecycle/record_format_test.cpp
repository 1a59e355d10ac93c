// What is written down of a prefix, byte for byte. Format page: docs/formats/prefix.md.

#include <gtest/gtest.h>

#include "catalog/merkle/hash.hpp"
#include "generation_record.hpp"
#include "installation_note.hpp"
#include "prefix.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

Generation sample_generation() {
    Generation generation;
    generation.number = 3;
    generation.operation = "update";
    generation.created = WallTime(std::chrono::microseconds(1'700'000'000'000'000));
    generation.layout = Layout::kNodeModules;
    generation.roots = {"app@^1", "@acme/tool"};
    generation.file_bytes = 4711;
    InstalledPackage app(must(PackageId::parse("app@1.2.0")));
    app.digest.hash = merkle::hash_of(as_bytes("app"));
    app.locations = {"node_modules/app"};
    app.root = true;
    app.dependencies = {"base@2.0.0-rc.1"};
    InstalledPackage base(must(PackageId::parse("base@2.0.0-rc.1")));
    base.digest.hash = merkle::hash_of(as_bytes("base"));
    base.locations = {"node_modules/app/node_modules/base", "node_modules/base"};
    generation.packages = {app, base};
    return generation;
}

/// Returns the paths below a folder with what they hold, one a line, in order.
std::string tree_text(io::FileSystem& fs, const std::string& folder) {
    std::string text;
    for (const io::DirectoryEntry& entry : must(fs.list(folder))) {
        const std::string path = io::join_path(folder, entry.name);
        if (entry.kind == io::FileKind::kDirectory)
            text += path + "/\n" + tree_text(fs, path);
        else if (entry.kind == io::FileKind::kSymlink)
            text += path + " -> " + must(fs.read_symlink(path)) + "\n";
        else
            text += path + " " + must(io::read_file(fs, path, 1 << 20)) + "\n";
    }
    return text;
}

TEST(RecordFormat, AGenerationsRecord) {
    const std::string text = encode_generation(sample_generation());
    EXPECT_EQ(must(decode_generation(text, "record")).packages, sample_generation().packages);
    golden::expect("lifecycle/generation.json", text);
}

TEST(RecordFormat, TheNotesOfPrefixes) {
    std::string text;
    for (const package::PackageState state :
         {package::PackageState::kInstalling, package::PackageState::kInstalled,
          package::PackageState::kUpdating}) {
        const std::string note = encode_note(12, state);
        EXPECT_EQ(must(decode_note("/prefix", note)).state, state);
        EXPECT_EQ(must(decode_note("/prefix", note)).generation, 12u);
        text += note + "\n";
    }
    golden::expect("lifecycle/installation-notes.jsonl", text);
}

TEST(RecordFormat, ANoteThatIsNoneIsDamage) {
    for (const char* text :
         {"", "{}", "[]", R"({"generation":1})", R"({"generation":-1,"state":"installed"})",
          R"({"generation":1,"state":"archived"})", R"({"generation":1,"state":"unknown"})"}) {
        const auto note = decode_note("/prefix", text);
        ASSERT_EQ(code_of(note), Errc::kDatabaseCorrupt) << text;
        EXPECT_EQ(note.error().input(), "/prefix");
    }
}

TEST(RecordFormat, APrefixBeforeAndAfterItsSwitch) {
    const auto fs = SimulatedFileSystem::make();
    Prefix prefix(*fs, "/prefix");
    must(prefix.create());
    const auto lock = must(prefix.lock("test"));
    must(lock->set_holder("pid 4711 (catalog install)"));
    const std::string staged = must(prefix.stage(3));
    must(io::write_file_durably(*fs, io::join_path(staged, "file"), as_bytes("bytes")));
    must(prefix.seal(sample_generation()));
    std::string text = "sealed\n" + tree_text(*fs, "/prefix");
    must(prefix.switch_to(3));
    text += "current\n" + tree_text(*fs, "/prefix");
    golden::expect("lifecycle/prefix.txt", text);
}

}  // namespace
}  // namespace catalog::lifecycle
