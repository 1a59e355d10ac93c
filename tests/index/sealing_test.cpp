// Segments beside the delta: nobody can tell where a version is.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "index_manifest.hpp"
#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;
using Ids = std::vector<std::string>;

const Ids& vocabulary() {
    static const Ids kWords{"red", "green", "blue", "fast", "slow-json", "tinyThing", "huge"};
    return kWords;
}

std::string random_words(std::mt19937& random, std::size_t most) {
    std::string text;
    for (std::size_t i = random() % (most + 1); i > 0; --i)
        text += (text.empty() ? "" : " ") + vocabulary()[random() % vocabulary().size()];
    return text;
}

std::string random_name(std::mt19937& random) {
    static const Ids kNames{"red", "green-json", "a", "b", "@x/c", "fastThing", "b.d", "zz/top"};
    return kNames[random() % kNames.size()];
}

std::string random_line(std::mt19937& random) {
    std::string line = R"({"name":")" + random_name(random) + R"(","version":")" +
                       std::to_string(random() % 3) + "." + std::to_string(random() % 12) + ".0" +
                       (random() % 4 == 0 ? "-rc." + std::to_string(random() % 3) : "") +
                       (random() % 6 == 0 ? "+b" + std::to_string(random() % 3) : "") + '"';
    line += R"(,"description":")" + random_words(random, 6) + '"';
    const auto words = [&](std::string_view member, std::size_t most) {
        line += ",\"" + std::string(member) + "\":[";
        Ids chosen;
        for (std::size_t i = random() % (most + 1); i > 0; --i) {
            const std::string& word = vocabulary()[random() % vocabulary().size()];
            if (std::ranges::count(chosen, word) == 0) chosen.push_back(word);
        }
        for (std::size_t i = 0; i < chosen.size(); ++i)
            line += (i == 0 ? "\"" : ",\"") + chosen[i] + '"';
        line += "]";
    };
    words("keywords", 3);
    words("tags", 2);
    if (random() % 2 == 0) line += R"(,"author":"Ada )" + random_words(random, 1) + '"';
    if (random() % 2 == 0)
        line += random() % 2 == 0 ? R"(,"license":"MIT")" : R"(,"license":"mit")";
    if (random() % 3 == 0) line += R"(,"type":"application")";
    if (random() % 2 == 0) {
        line += R"(,"dependencies":[{"name":")" + random_name(random) + R"(","req":"^1")";
        if (random() % 3 == 0)
            line += R"(,"any_of":[{"name":")" + random_name(random) + R"(","req":"*"}])";
        line += "}]";
    }
    if (random() % 4 == 0) line += R"(,"provides":[{"name":"virtual","version":"1.0.0"}])";
    return line + "}";
}

Filter random_filter(std::mt19937& random) {
    Filter filter;
    if (random() % 4 == 0) filter.name_prefix = random_name(random).substr(0, 1);
    if (random() % 5 == 0) filter.type = package::PackageType::kApplication;
    if (random() % 5 == 0) filter.tag = vocabulary()[random() % vocabulary().size()];
    if (random() % 5 == 0) filter.keyword = vocabulary()[random() % vocabulary().size()];
    if (random() % 5 == 0) filter.license = "MIT";
    if (random() % 5 == 0) filter.author = random() % 2 == 0 ? "ada" : "red";
    if (random() % 5 == 0) filter.state = package::PackageState::kDeprecated;
    filter.include_yanked = random() % 2 == 0;
    filter.newest_only = random() % 2 == 0;
    return filter;
}

/// Everything that can be asked of an index, as text, so that a difference can be read.
class Questions {
public:
    explicit Questions(std::uint32_t seed) : seed_(seed) {}

    std::string ask(const PackageIndex& index) const {
        std::mt19937 random(seed_);
        std::string text;
        const auto say = [&text](const IndexEntry& entry) {
            text += entry.id.to_string() + ' ' + entry.digest.to_string().substr(7, 8) +
                    std::to_string(static_cast<int>(entry.state)) + (entry.yanked ? "y " : " ") +
                    std::to_string(static_cast<int>(entry.type)) + entry.license + '|' +
                    entry.description + '|' +
                    std::to_string(entry.published.time_since_epoch().count()) + '\n';
        };
        const PackageIndex::Counts counts = must(index.counts());
        text += std::to_string(counts.names) + ' ' + std::to_string(counts.versions) + ' ' +
                std::to_string(counts.yanked) + "\neach\n";
        std::vector<PackageId> ids;
        must(index.for_each([&](const IndexEntry& entry) -> Result<void> {
            say(entry);
            ids.push_back(entry.id);
            return {};
        }));
        text += "find\n";
        for (const PackageId& id : ids) say(must(index.find(id)));
        for (int i = 0; i < 6; ++i) ask_name(index, random_name(random), text, say);
        for (int i = 0; i < 8; ++i) {
            const Filter filter = random_filter(random);
            text += "list\n";
            std::string cursor;
            do {
                const Page page = must(index.list(filter, 1 + random() % 5, cursor));
                for (const IndexEntry& entry : page.entries) say(entry);
                cursor = page.cursor;
            } while (!cursor.empty());
            const std::string words = "red " + random_words(random, 2);
            text += "search " + words + "\n";
            for (const SearchHit& hit : must(index.search(words, filter, 1 + random() % 9))) {
                say(hit.entry);
                text += std::to_string(hit.score) + '\n';
            }
        }
        for (const std::string& name : must(index.complete("", 100))) text += name + ' ';
        text += std::string(as_text(must(index.freeze(IndexBed::go_on))));
        const IndexState state = must(index.state());
        return text + std::to_string(state.sequence) + std::string(as_text(state.chain));
    }

private:
    template <class Say>
    static void ask_name(const PackageIndex& index, const std::string& name, std::string& text,
                         const Say& say) {
        text += "name " + name + "\n";
        for (const IndexEntry& entry : must(index.versions(name_of(name)))) say(entry);
        for (const bool all : {true, false})
            for (const DependencyEdge& edge : must(index.dependents(name_of(name), all)))
                text += edge.from.to_string() + "->" + edge.dependency.target.name.str() + '\n';
        for (const IndexEntry& entry : must(index.providers_of(name_of("virtual")))) say(entry);
        const auto best =
            index.best(name_of(name),
                       must(version::VersionConstraint::parse(">=1", version::Dialect::kCargo)));
        text += best ? best->id.to_string() : best.error().to_string();
        text += index.find(must(PackageId::parse(name + "@9.9.9"))).error().to_string() + '\n';
    }

    std::uint32_t seed_;
};

/// The same things happen to an index without segments and to one with them.
class Twins {
public:
    explicit Twins(std::uint32_t seed) : random_(seed), sealed_(IndexForm::kDelta) {}

    void step() {
        switch (random_() % 9) {
            case 0:
                sealed_.seal(1 + random_() % 20);
                return;
            case 1:
                sealed_.merge(2 + static_cast<std::uint32_t>(random_() % 3), random_() % 4 == 0);
                return;
            case 2:
            case 3:
                return change();
            default:
                return add();
        }
    }
    [[nodiscard]] PackageIndex& plain() { return *plain_.index; }
    [[nodiscard]] PackageIndex& sealed() { return *sealed_.index; }
    [[nodiscard]] std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }

private:
    void add() {
        const std::string line = random_line(random_);
        const auto one = plain_.try_add(line);
        const auto other = sealed_.try_add(line);
        ASSERT_EQ(code_of(one), code_of(other)) << line;
        if (one) {
            ids_.push_back(one->id.to_string());
        } else {
            ASSERT_EQ(one.error().to_string(), other.error().to_string());
        }
    }
    void change() {
        if (ids_.empty()) return;
        const std::string& id = ids_[random_() % ids_.size()];
        std::optional<package::PackageState> state;
        std::optional<bool> yanked;
        const IndexEntry entry = must(plain_.index->find(must(PackageId::parse(id))));
        if (random_() % 2 == 0)
            yanked = random_() % 2 == 0;
        else if (entry.state == package::PackageState::kPublished)
            state = package::PackageState::kDeprecated;
        else if (entry.state == package::PackageState::kDeprecated)
            state = random_() % 2 == 0 ? package::PackageState::kArchived
                                       : package::PackageState::kPublished;
        plain_.change(id, state, yanked);
        sealed_.change(id, state, yanked);
    }

    std::mt19937 random_;
    IndexBed plain_;
    IndexBed sealed_;
    Ids ids_;
};

TEST(IndexSealing, AnswersAsAnIndexWithoutSegmentsDoes) {
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        Twins twins(seed);
        for (int round = 0; round < 12; ++round) {
            for (int i = 0; i < 12; ++i) twins.step();
            const Questions questions(twins.number());
            ASSERT_EQ(questions.ask(twins.plain()), questions.ask(twins.sealed()))
                << "seed " << seed << " round " << round;
            ASSERT_EQ(must(twins.sealed().verify()), Ids()) << "seed " << seed << " " << round;
        }
    }
}

std::string line_of(std::string_view name, int minor) {
    return R"({"name":")" + std::string(name) + R"(","version":"1.)" + std::to_string(minor) +
           R"(.0","keywords":["word"]})";
}

std::size_t records_in(const IndexBed& bed, unsigned family) {
    std::size_t count = 0;
    const auto iterator = bed.store->iterate(kv::Family{family});
    for (iterator->seek(""); iterator->valid(); iterator->next()) ++count;
    return count;
}

std::vector<std::string> files_of(const IndexBed& bed) {
    std::vector<std::string> names;
    for (const io::DirectoryEntry& entry : must(bed.disk->list("/segments")))
        names.push_back(entry.name);
    return names;
}

TEST(IndexSealing, LeavesNothingButTheCountersInTheDelta) {
    IndexBed bed(IndexForm::kDelta);
    for (int i = 0; i < 20; ++i) bed.add(line_of("a", i));
    const SealReport report = bed.seal();
    EXPECT_EQ(report.versions, 20u);
    EXPECT_EQ(records_in(bed, 1), 1u);
    EXPECT_EQ(records_in(bed, 2), 0u);
    EXPECT_EQ(bed.seal().versions, 0u) << "there is nothing more to seal";
    bed.change("a@1.3.0", std::nullopt, true);
    EXPECT_EQ(records_in(bed, 1), 2u);
    bed.add(line_of("b", 1));
    bed.seal();
    EXPECT_EQ(bed.merge(2, true).merged, 2u);
    EXPECT_EQ(records_in(bed, 1), 1u) << "what changed is in the merged segment";
    EXPECT_TRUE(must(bed.index->find(must(PackageId::parse("a@1.3.0")))).yanked);
}

TEST(IndexSealing, KeepsWhatChangesWhileItRuns) {
    IndexBed bed(IndexForm::kDelta);
    for (int i = 0; i < 3; ++i) bed.add(line_of("a", i));
    bool changed = false;
    const auto meanwhile = [&](std::uint64_t done, std::uint64_t) -> Result<void> {
        if (done == 0 || std::exchange(changed, true)) return {};
        bed.change("a@1.1.0", package::PackageState::kDeprecated, true);
        bed.add(line_of("a", 7));
        bed.add(line_of("b", 7));
        return {};
    };
    EXPECT_EQ(must(bed.index->seal(bed.queue, *bed.random, {}, meanwhile)).versions, 3u);
    ASSERT_TRUE(changed);
    const IndexEntry entry = must(bed.index->find(must(PackageId::parse("a@1.1.0"))));
    EXPECT_TRUE(entry.yanked);
    EXPECT_EQ(entry.state, package::PackageState::kDeprecated);
    EXPECT_EQ(must(bed.index->versions(name_of("a"))).size(), 4u);
    EXPECT_EQ(must(bed.index->counts()).names, 2u);
    EXPECT_EQ(must(bed.index->verify()), Ids());
}

TEST(IndexSealing, MergesKeepWhatChangesWhileTheyRun) {
    IndexBed bed(IndexForm::kSealed);
    for (int i = 0; i < 3; ++i) bed.add(line_of("a", i));
    bed.change("a@1.0.0", std::nullopt, true);
    bed.change("a@1.1.0", std::nullopt, true);
    bool changed = false;
    const auto meanwhile = [&](std::uint64_t done, std::uint64_t) -> Result<void> {
        if (done == 0 || std::exchange(changed, true)) return {};
        bed.change("a@1.1.0", std::nullopt, false);
        bed.change("a@1.2.0", package::PackageState::kDeprecated, std::nullopt);
        return {};
    };
    IndexMergeOptions options;
    options.everything = true;
    EXPECT_EQ(must(bed.index->merge(bed.queue, options, meanwhile)).merged, 3u);
    ASSERT_TRUE(changed);
    const auto find = [&](std::string_view id) {
        return must(bed.index->find(must(PackageId::parse(id))));
    };
    EXPECT_TRUE(find("a@1.0.0").yanked);
    EXPECT_FALSE(find("a@1.1.0").yanked);
    EXPECT_EQ(find("a@1.2.0").state, package::PackageState::kDeprecated);
    EXPECT_EQ(must(bed.index->verify()), Ids());
}

TEST(IndexSealing, OneCallAtATimeChangesSegments) {
    IndexBed bed(IndexForm::kDelta);
    bed.add(line_of("a", 1));
    std::optional<Errc> inner;
    const auto meanwhile = [&](std::uint64_t, std::uint64_t) -> Result<void> {
        inner = code_of(bed.index->seal(bed.queue, *bed.random, {}, IndexBed::go_on));
        return {};
    };
    must(bed.index->seal(bed.queue, *bed.random, {}, meanwhile));
    EXPECT_EQ(inner, Errc::kBusy);
    IndexBed plain;
    EXPECT_EQ(code_of(plain.index->seal(plain.queue, *plain.random, {}, IndexBed::go_on)),
              Errc::kFailedPrecondition);
}

TEST(IndexSealing, SweepsFilesThatDoNotCount) {
    IndexBed bed(IndexForm::kSealed);
    for (int i = 0; i < 3; ++i) bed.add(line_of("a", i));
    const std::string stray = "/segments/" + std::string(64, 'a') + ".segment";
    must(io::write_file_durably(*bed.disk, stray, as_bytes(std::string_view("x"))));
    must(io::write_file_durably(*bed.disk, "/segments/README", as_bytes(std::string_view("x"))));
    bed.merge(2, true);
    must(bed.index->sweep());
    EXPECT_EQ(files_of(bed).size(), 2u);
    EXPECT_EQ(must(bed.index->versions(name_of("a"))).size(), 3u);
}

TEST(IndexSealing, EveryFlippedBitOfTheListIsFoundOrHarmless) {
    IndexBed bed(IndexForm::kSealed);
    bed.add(line_of("a", 1));
    const std::string record = *must(bed.store->get(kv::Family{4}, kManifestKey));
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
        std::string flipped = record;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        const Result<IndexManifest> manifest = decode_manifest(flipped);
        if (manifest) {
            EXPECT_EQ(encode_manifest(*manifest), flipped) << bit;
        }
    }
    for (std::size_t size = 0; size < record.size(); ++size)
        EXPECT_FALSE(decode_manifest(std::string_view(record).substr(0, size))) << size;
    EXPECT_FALSE(decode_manifest(record + "x"));
}

class IndexRepair : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Damages, IndexRepair, ::testing::Range(0, 5));

/// Hurts an index in one of several ways.
void damage(IndexBed& bed, int way) {
    const std::string file = "/segments/" + files_of(bed).front();
    kv::WriteBatch batch;
    if (way == 0) must(bed.disk->remove_file(file));
    if (way == 1) {
        std::string bytes = must(io::read_file(*bed.disk, file, 1 << 20));
        bytes[200] = static_cast<char>(bytes[200] ^ 1);
        must(io::write_file_durably(*bed.disk, file, as_bytes(bytes)));
    }
    if (way == 2) batch.remove(kv::Family{4}, std::string(kManifestKey));
    if (way == 3) batch.put(kv::Family{4}, std::string(kManifestKey), "nonsense");
    if (way == 4) {
        const std::string record = *must(bed.store->get(kv::Family{4}, kManifestKey));
        IndexManifest manifest = must(decode_manifest(record));
        manifest.segments.front().dead = {0};
        batch.put(kv::Family{4}, std::string(kManifestKey), encode_manifest(manifest));
    }
    if (!batch.empty()) must(bed.store->write(batch, kv::Durability::kSync));
}

TEST_P(IndexRepair, MakesTheIndexOfManifestsAndEntriesAnew) {
    IndexBed bed(IndexForm::kHalf);
    for (int i = 0; i < 9; ++i) bed.add(line_of(i % 2 == 0 ? "a" : "b", i));
    bed.change("a@1.0.0", std::nullopt, true);
    std::vector<IndexEntry> entries;
    must(bed.index->for_each([&](const IndexEntry& entry) -> Result<void> {
        entries.push_back(entry);
        return {};
    }));
    const Questions questions(7);
    const std::string before = questions.ask(*bed.index);
    bed.index->release();
    damage(bed, GetParam());
    // Another process would not have the files open.
    bed.folder = std::make_shared<SegmentFolder>(bed.disk, "/segments");
    bed.index = std::make_shared<PackageIndex>(*bed.store, bed.families(), bed.folder);
    EXPECT_NE(must(bed.index->verify()), Ids());
    kv::Commit commit;
    EXPECT_GT(must(bed.index->stage_rebuild(commit.batch, entries)), 0u);
    must(bed.queue.submit(std::move(commit)));
    EXPECT_EQ(must(bed.index->verify()), Ids());
    EXPECT_EQ(questions.ask(*bed.index), before);
    kv::Commit again;
    EXPECT_EQ(must(bed.index->stage_rebuild(again.batch, entries)), 0u);
    bed.seal();
    bed.merge(2, true);
    EXPECT_EQ(questions.ask(*bed.index), before);
    EXPECT_EQ(must(bed.index->verify()), Ids());
}

TEST(IndexSealing, WithoutItsFilesIsAnErrorThatSaysSo) {
    IndexBed bed(IndexForm::kSealed);
    bed.add(line_of("a", 1));
    bed.index->release();
    must(bed.disk->remove_file("/segments/" + files_of(bed).front()));
    const PackageIndex other(*bed.store, bed.families(),
                             std::make_shared<SegmentFolder>(bed.disk, "/segments"));
    const auto found = other.find(must(PackageId::parse("a@1.0.0")));
    EXPECT_EQ(code_of(found), Errc::kIndexCorrupted);
    EXPECT_NE(found.error().hint().find("repair"), std::string::npos);
}

}  // namespace
}  // namespace catalog::index
