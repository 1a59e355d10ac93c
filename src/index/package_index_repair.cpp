// Checking and rebuilding: the index is a pure function of manifests and entries.

#include <map>
#include <set>

#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

using Records = std::map<std::string, std::string, std::less<>>;

/// What families `packages` and `postings` should hold.
struct Expected {
    Records packages;
    Records postings;
};

void add_expected(Expected& expected, PackageIndex::Counts& counts, std::set<std::string>& names,
                  const IndexEntry& entry, const package::PackageMetadata& metadata) {
    const std::string_view name = entry.id.name().view();
    if (names.insert(std::string(name)).second) {
        ++counts.names;
        expected.packages.emplace("n" + std::string(name), "");
    }
    ++counts.versions;
    ++(entry.origin == Origin::kPublished ? counts.published : counts.imported);
    if (entry.yanked) ++counts.yanked;
    expected.packages.insert_or_assign(entry_key(name, entry.version), encode_entry(entry));
    for (const Term& term : terms_of(metadata))
        expected.postings.insert_or_assign(posting_key(term, name, entry.version),
                                           encode_weight(term.weight));
}

/// Calls `differs(key, stored, wanted)` for every key of a family that is missing, superfluous or
/// has another value.
template <class Differs>
Result<void> compare(const kv::KeyValueStore& store, kv::Family family, const Records& wanted,
                     const Differs& differs) {
    const std::unique_ptr<kv::Iterator> iterator = store.iterate(family);
    auto next = wanted.begin();
    for (iterator->seek(""); iterator->valid(); iterator->next()) {
        for (; next != wanted.end() && next->first < iterator->key(); ++next)
            differs(next->first, false, &next->second);
        if (next == wanted.end() || next->first != iterator->key()) {
            differs(std::string(iterator->key()), true, nullptr);
            continue;
        }
        if (next->second != iterator->value()) differs(next->first, true, &next->second);
        ++next;
    }
    CATALOG_TRY_VOID(iterator->status());
    for (; next != wanted.end(); ++next) differs(next->first, false, &next->second);
    return {};
}

/// Readable form of a key for messages: unprintable bytes become dots.
std::string readable(std::string_view key) {
    std::string text(key.substr(0, 120));
    for (char& c : text)
        if (c < ' ' || c == 0x7f) c = '.';
    return text;
}

}  // namespace

Result<std::vector<std::string>> PackageIndex::verify() const {
    std::vector<std::string> problems;
    Expected expected;
    Counts counts;
    std::set<std::string> names;
    const std::unique_ptr<kv::Iterator> iterator = impl_->store.iterate(impl_->families.packages);
    for (iterator->seek("p"); iterator->valid() && iterator->key().starts_with('p');
         iterator->next()) {
        const Result<IndexEntry> entry = decode_entry(iterator->value());
        if (!entry) {
            problems.push_back("entry " + readable(iterator->key().substr(1)) + ": " +
                               entry.error().to_string());
            continue;
        }
        const std::string id = entry->id.to_string();
        if (iterator->key() != entry_key(entry->id.name().view(), entry->version))
            problems.push_back(id + ": its entry stands under another key");
        const Result<package::Manifest> manifest = this->manifest(entry->digest);
        if (!manifest) {
            problems.push_back(id + ": " + manifest.error().to_string());
            continue;
        }
        if (manifest->metadata.id() != entry->id)
            problems.push_back(id + ": its manifest is of " + manifest->metadata.id().to_string());
        if (entry->description != manifest->metadata.description ||
            entry->license != manifest->metadata.license ||
            entry->type != manifest->metadata.type || entry->file_count != manifest->file_count ||
            entry->file_bytes != manifest->file_bytes)
            problems.push_back(id + ": its entry does not agree with its manifest");
        add_expected(expected, counts, names, *entry, manifest->metadata);
    }
    CATALOG_TRY_VOID(iterator->status());
    if (!problems.empty()) return problems;  // what follows from damaged entries says nothing new
    expected.packages.emplace(std::string(kCountsKey), encode_counts(counts));
    const auto report = [&](std::string_view what) {
        return [&problems, what](std::string_view key, bool stored, const std::string* wanted) {
            std::string_view how = ": missing";
            if (stored) how = wanted == nullptr ? ": superfluous" : ": differs";
            problems.push_back(std::string(what) + " " + readable(key) + std::string(how));
        };
    };
    if (counts.versions > 0)
        CATALOG_TRY_VOID(
            compare(impl_->store, impl_->families.packages, expected.packages, report("record")));
    CATALOG_TRY_VOID(
        compare(impl_->store, impl_->families.postings, expected.postings, report("posting")));
    return problems;
}

Result<std::uint64_t> PackageIndex::stage_rebuild(kv::WriteBatch& batch,
                                                  const std::vector<IndexEntry>& entries) const {
    Expected expected;
    Counts counts;
    std::set<std::string> names;
    for (const IndexEntry& entry : entries) {
        CATALOG_TRY(const package::Manifest manifest, this->manifest(entry.digest));
        add_expected(expected, counts, names, entry, manifest.metadata);
    }
    if (counts.versions > 0)
        expected.packages.emplace(std::string(kCountsKey), encode_counts(counts));
    std::uint64_t differing = 0;
    const auto mend = [&](kv::Family family) {
        return [&batch, &differing, family](std::string_view key, bool, const std::string* wanted) {
            ++differing;
            if (wanted != nullptr)
                batch.put(family, std::string(key), *wanted);
            else
                batch.remove(family, std::string(key));
        };
    };
    CATALOG_TRY_VOID(compare(impl_->store, impl_->families.packages, expected.packages,
                             mend(impl_->families.packages)));
    CATALOG_TRY_VOID(compare(impl_->store, impl_->families.postings, expected.postings,
                             mend(impl_->families.postings)));
    return differing;
}

}  // namespace catalog::index
