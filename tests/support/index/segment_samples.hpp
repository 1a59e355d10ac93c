#pragma once
// Random package versions for segments, small enough that names, words and texts often meet.

#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/segment.hpp"
#include "catalog/index/segment_builder.hpp"
#include "support/io/results.hpp"

namespace catalog::index::testing {

/// Rows and the texts that they borrow. Add only; rows stay where they are.
class SampleRows {
public:
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
    std::span<const std::string_view> keep(std::vector<std::string_view> list) {
        return lists_.emplace_back(std::move(list));
    }
    std::span<const SegmentRelation> keep(std::vector<SegmentRelation> relations) {
        return relations_.emplace_back(std::move(relations));
    }
    std::vector<SegmentRow> rows;

private:
    std::deque<std::string> texts_;
    std::deque<std::vector<std::string_view>> lists_;
    std::deque<std::vector<SegmentRelation>> relations_;
};

inline std::size_t below(std::mt19937_64& random, std::size_t bound) {
    return static_cast<std::size_t>(random() % bound);
}

inline std::string random_word(std::mt19937_64& random) {
    static constexpr std::string_view kWords[] = {"alpha",
                                                  "beta",
                                                  "fastJson",
                                                  "io_tools",
                                                  "x",
                                                  "node.js",
                                                  "math",
                                                  "tensor",
                                                  "HTTP",
                                                  "parse",
                                                  "camelCase",
                                                  "a-b-c",
                                                  "blas",
                                                  "gpu",
                                                  "zip",
                                                  "\xc3\xbc"
                                                  "ber"};
    return std::string(kWords[below(random, std::size(kWords))]);
}

inline std::string random_name(std::mt19937_64& random) {
    static constexpr std::string_view kParts[] = {"acme", "tool", "kit", "json", "a", "zeta", "b2"};
    std::string name = below(random, 4) == 0 ? "@scope/" : "";
    for (std::size_t i = below(random, 3) + 1; i > 0; --i) {
        name += kParts[below(random, std::size(kParts))];
        if (i > 1) name += '-';
    }
    if (below(random, 2) == 0) name += std::to_string(below(random, 50));
    return name;
}

inline std::string random_version(std::mt19937_64& random) {
    std::string text = std::to_string(below(random, 4)) + "." + std::to_string(below(random, 12)) +
                       "." + std::to_string(below(random, 3));
    if (below(random, 20) == 0) text = "9007199254740991.1." + std::to_string(below(random, 3));
    if (below(random, 4) == 0) text += below(random, 2) == 0 ? "-rc.1" : "-alpha.10";
    if (below(random, 8) == 0) text += "+build";
    return text;
}

inline SegmentRelation random_relation(std::mt19937_64& random, SampleRows& sample) {
    SegmentRelation relation;
    relation.role = static_cast<RelationRole>(below(random, 8) < 6 ? 0 : below(random, 3));
    relation.name = sample.keep(random_name(random));
    relation.constraint = below(random, 2) == 0 ? "^1" : ">=0.3, <2";
    if (relation.role == RelationRole::kProvide) relation.constraint = "1.0.0";
    relation.dialect = below(random, 3) == 0 ? version::Dialect::kNpm : version::Dialect::kCargo;
    relation.kind = static_cast<DependencyKind>(below(random, 5));
    relation.default_features = below(random, 4) != 0;
    relation.is_alternative = below(random, 5) == 0;
    if (below(random, 4) == 0) relation.platform = "linux-x86_64";
    if (below(random, 4) == 0)
        relation.features = sample.keep(std::vector<std::string_view>{"simd", "fast"});
    return relation;
}

inline std::span<const std::string_view> random_texts(std::mt19937_64& random, SampleRows& sample,
                                                      std::size_t most) {
    std::vector<std::string_view> texts;
    for (std::size_t i = below(random, most + 1); i > 0; --i)
        texts.push_back(sample.keep(random_word(random)));
    return sample.keep(std::move(texts));
}

inline void add_random_row(std::mt19937_64& random, SampleRows& sample) {
    SegmentRow row;
    row.name = sample.keep(random_name(random));
    row.version = sample.keep(random_version(random));
    for (std::byte& byte : row.digest.digest) byte = static_cast<std::byte>(random());
    if (below(random, 4) == 0) row.digest.algorithm = HashAlgorithm::kBlake2b256;
    static constexpr package::PackageState kStates[] = {
        package::PackageState::kPublished, package::PackageState::kDeprecated,
        package::PackageState::kArchived, package::PackageState::kPublished};
    row.state = kStates[below(random, 4)];
    row.yanked = below(random, 5) == 0;
    row.imported = below(random, 2) == 0;
    row.type = static_cast<package::PackageType>(below(random, 8));
    if (!row.imported) {
        row.file_count = random();
        row.file_bytes = random();
        row.log_index = random();
    }
    row.published_us = static_cast<std::int64_t>(random());
    if (below(random, 3) != 0) row.license = below(random, 2) == 0 ? "MIT" : "Apache-2.0 OR MIT";
    row.authors = random_texts(random, sample, 2);
    row.keywords = random_texts(random, sample, 4);
    row.tags = random_texts(random, sample, 2);
    std::vector<SegmentRelation> relations;
    for (std::size_t i = below(random, 5); i > 0; --i)
        relations.push_back(random_relation(random, sample));
    row.relations = sample.keep(std::move(relations));
    std::string description;
    for (std::size_t i = below(random, 12); i > 0; --i) description += random_word(random) + " ";
    if (below(random, 30) == 0) description.append(5000, 'z');
    row.description = sample.keep(std::move(description));
    if (below(random, 5) == 0) row.rest = sample.keep(std::string(below(random, 300), '\x01'));
    sample.rows.push_back(row);
}

inline SegmentSecret sample_secret() {
    SegmentSecret secret{};
    for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::byte>(i * 7 + 1);
    return secret;
}

struct BuiltSegment {
    SegmentSummary summary;
    std::string bytes;
};

/// Builds a segment in memory.
inline Result<BuiltSegment> build_segment(std::span<const SegmentRow> rows,
                                          std::string_view universe = {}) {
    SegmentOptions options;
    options.secret = sample_secret();
    SegmentBuilder builder(options);
    if (auto added = builder.add(rows); !added) return fail(added.error());
    BuiltSegment built;
    auto summary = builder.finish(
        [&built](ByteView bytes) -> Result<void> {
            built.bytes.append(as_text(bytes));
            return {};
        },
        as_bytes(universe));
    if (!summary) return fail(summary.error());
    built.summary = *summary;
    return built;
}

/// Opens bytes, which stay where they are.
inline std::shared_ptr<const Segment> open_bytes(const std::string& bytes) {
    return io::testing::must(Segment::open(as_bytes(bytes), nullptr));
}

}  // namespace catalog::index::testing
