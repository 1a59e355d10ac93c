#include <algorithm>
#include <catalog/internal/try.hpp>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "frozen_view.hpp"

namespace catalog::resolve {

namespace frozen {

namespace {

struct BuilderTextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

/// Texts by number, each once.
class Interner {
public:
    std::uint32_t intern(std::string_view text) {
        const auto at = index_.find(text);
        if (at != index_.end()) return at->second;
        const auto id = static_cast<std::uint32_t>(texts_.size());
        texts_.push_back(&index_.emplace(text, id).first->first);
        return id;
    }
    [[nodiscard]] const std::string& text(std::uint32_t id) const { return *texts_[id]; }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }

private:
    std::unordered_map<std::string, std::uint32_t, BuilderTextHash, std::equal_to<>> index_;
    std::vector<const std::string*> texts_;
};

/// Lists of numbers, equal ones once.
class ListInterner {
public:
    std::uint32_t intern(const std::vector<std::uint32_t>& list) {
        const std::string_view key{reinterpret_cast<const char*>(list.data()),
                                   list.size() * sizeof(std::uint32_t)};
        return keys_.intern(key);
    }
    [[nodiscard]] std::vector<std::uint32_t> list(std::uint32_t id) const {
        const std::string& key = keys_.text(id);
        std::vector<std::uint32_t> numbers(key.size() / sizeof(std::uint32_t));
        std::memcpy(numbers.data(), key.data(), key.size());
        return numbers;
    }
    [[nodiscard]] std::uint32_t size() const { return keys_.size(); }

private:
    Interner keys_;
};

/// A dependency or conflict as it was added: numbers of the builder's own tables.
struct DraftItem {
    std::uint32_t kind = kNeeds;
    std::uint32_t demand = 0;     ///< List of (name, constraint).
    std::uint32_t condition = 0;  ///< List, see `add_condition`.
};

struct DraftVersion {
    std::uint32_t name = 0;
    bool default_feature = false;
    bool extra = false;
    Candidate candidate;
    std::uint64_t items_first = 0;
    std::uint32_t items_count = 0;
    std::vector<std::pair<std::uint32_t, version::SemVer>> provides;
    std::vector<std::uint32_t> features;  ///< (text, count, texts...) in order.
};

Error too_large(std::string_view what) {
    return Error(Errc::kLimitExceeded,
                 "a frozen universe has no room for more " + std::string(what));
}

}  // namespace

/// The tables while they grow, with a view over them for the compiler.
struct Tables final : EntryStore {
    std::vector<std::uint32_t> name_offsets, name_table, version_first, version_rows, row_first;
    std::vector<std::uint32_t> items, lists;
    std::vector<std::uint64_t> versions, masks;
    std::vector<std::uint8_t> version_flags;
    std::vector<RequirementEntry> requirements, alternatives;
    std::vector<ConditionEntry> conditions;
    std::vector<ProvideEntry> provides;
    std::vector<ExtraEntry> extras;
    std::string texts, names;
    std::unordered_map<std::string, std::uint32_t> text_index;

    void show(FrozenUniverse::View& view) const {
        view.names = static_cast<std::uint32_t>(version_first.size() - 1);
        view.name_offsets = name_offsets;
        view.version_first = version_first;
        view.versions = versions;
        view.version_flags = version_flags;
        view.version_rows = version_rows;
        view.provides = provides;
        view.extras = extras;
        view.lists = lists;
        view.texts = texts;
        view.name_texts = names;
    }
    /// A text longer than a u16 can say is cut: nothing that is checked before gets that long.
    std::uint32_t put_text(const std::string& text) {
        const auto [at, fresh] = text_index.emplace(text, static_cast<std::uint32_t>(texts.size()));
        if (fresh) {
            append_le(texts, static_cast<std::uint16_t>(text.size()));
            texts += text.substr(0, 0xffff);
        }
        return at->second;
    }
    std::uint32_t put_list(const std::vector<std::uint32_t>& list) {
        const auto at = static_cast<std::uint32_t>(lists.size());
        lists.push_back(static_cast<std::uint32_t>(list.size()));
        lists.insert(lists.end(), list.begin(), list.end());
        return at;
    }
    std::uint64_t put_version(const version::SemVer& version) {
        std::uint64_t packed = 0;
        if (pack(version, packed)) return packed;
        return kTextVersion | put_text(version.to_string());
    }
    std::uint64_t put_mask(std::vector<std::uint64_t> words) override {
        const std::uint64_t place = masks.size();
        masks.insert(masks.end(), words.begin(), words.end());
        return place;
    }
    std::uint64_t put_alternatives(std::vector<RequirementEntry> entries) override {
        const std::uint64_t place = alternatives.size();
        alternatives.insert(alternatives.end(), entries.begin(), entries.end());
        return place;
    }
};

struct UniverseWriter {
    Interner names;
    Interner texts;
    Interner constraint_texts;  ///< Dialect's letter, then the text.
    std::vector<version::VersionConstraint> constraints;
    ListInterner demands;
    ListInterner conditions;
    std::vector<DraftItem> items;
    std::vector<DraftVersion> versions;

    std::uint32_t constraint(const version::VersionConstraint& constraint);
    std::uint32_t demand(const Target& first, const std::vector<Target>& others);
    void add_dependency(const Requirement& source);
    Result<Bytes> write();

private:
    Result<void> sort_versions();
    void write_names();
    void write_versions();
    void write_extra(std::uint32_t index, const DraftVersion& version);
    void write_rows();
    std::uint32_t write_item(const DraftItem& item);
    std::uint32_t write_requirement(std::uint32_t demand, bool excludes);
    std::uint32_t write_condition(const DraftItem& item);
    Result<Bytes> assemble() const;

    Tables out_;
    FrozenUniverse::View view_;
    std::vector<std::uint32_t> order_;       ///< Names' numbers in order of their texts.
    std::vector<std::uint32_t> final_name_;  ///< By number in `names`.
    std::vector<std::uint32_t> requirement_ids_;
    std::vector<std::uint32_t> exclusion_ids_;
    std::unordered_map<std::uint64_t, std::uint32_t> condition_ids_;
};

std::uint32_t UniverseWriter::constraint(const version::VersionConstraint& constraint) {
    const std::uint32_t id = constraint_texts.intern(constraint_text(constraint));
    if (id == constraints.size()) constraints.push_back(constraint);
    return id;
}

std::uint32_t UniverseWriter::demand(const Target& first, const std::vector<Target>& others) {
    std::vector<std::uint32_t> list{names.intern(first.name), constraint(first.constraint)};
    for (const Target& target : others) {
        list.push_back(names.intern(target.name));
        list.push_back(constraint(target.constraint));
    }
    return demands.intern(list);
}

void UniverseWriter::add_dependency(const Requirement& source) {
    DraftItem item;
    item.demand = demand(source.target, source.any_of);
    if (source.kind != DependencyKind::kRequired || !source.platform.is_everywhere() ||
        !source.features.empty() || !source.default_features) {
        item.kind = kConditional;
        std::vector<std::uint32_t> list{
            static_cast<std::uint32_t>(source.kind), source.default_features ? 1U : 0U,
            source.platform.is_everywhere() ? kNone : texts.intern(source.platform.to_string())};
        for (const std::string& feature : source.features) list.push_back(texts.intern(feature));
        item.condition = conditions.intern(list);
    }
    items.push_back(item);
}

Result<void> UniverseWriter::sort_versions() {
    order_.resize(names.size());
    std::iota(order_.begin(), order_.end(), 0U);
    std::sort(order_.begin(), order_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return names.text(a) < names.text(b); });
    final_name_.resize(order_.size());
    for (std::uint32_t i = 0; i < order_.size(); ++i) final_name_[order_[i]] = i;
    std::sort(versions.begin(), versions.end(), [&](const DraftVersion& a, const DraftVersion& b) {
        if (a.name != b.name) return final_name_[a.name] < final_name_[b.name];
        const auto compared = b.candidate.version <=> a.candidate.version;
        return compared != 0 ? compared < 0 : a.candidate.source_id < b.candidate.source_id;
    });
    for (std::size_t i = 1; i < versions.size(); ++i) {
        const DraftVersion& a = versions[i - 1];
        const DraftVersion& b = versions[i];
        if (a.name == b.name && a.candidate.source_id == b.candidate.source_id &&
            compare_precedence(a.candidate.version, b.candidate.version) ==
                std::weak_ordering::equivalent) {
            return fail(
                Error(Errc::kAlreadyExists, "this version was added twice")
                    .with_input(names.text(b.name) + "@" + b.candidate.version.to_string()));
        }
    }
    return {};
}

void UniverseWriter::write_names() {
    out_.name_offsets.push_back(0);
    for (const std::uint32_t id : order_) {
        out_.names += names.text(id);
        out_.name_offsets.push_back(static_cast<std::uint32_t>(out_.names.size()));
    }
    out_.name_table.assign(std::bit_ceil(2 * order_.size() + 2), 0);
    const auto mask = static_cast<std::uint32_t>(out_.name_table.size() - 1);
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
        auto slot = static_cast<std::uint32_t>(name_hash(names.text(order_[i]))) & mask;
        while (out_.name_table[slot] != 0) slot = (slot + 1) & mask;
        out_.name_table[slot] = i + 1;
    }
}

void UniverseWriter::write_extra(std::uint32_t index, const DraftVersion& version) {
    ExtraEntry entry{index, kNone, kNone, kNone};
    if (!version.candidate.source_id.empty()) {
        entry.source_id = out_.put_text(version.candidate.source_id);
    }
    std::vector<std::uint32_t> list;
    for (const auto& [name, provided] : version.provides) {
        const std::uint64_t packed = out_.put_version(provided);
        out_.provides.push_back({final_name_[name], final_name_[version.name], index, 0, packed});
        list.push_back(final_name_[name]);
        list.push_back(static_cast<std::uint32_t>(packed));
        list.push_back(static_cast<std::uint32_t>(packed >> 32));
    }
    if (!list.empty()) entry.provides = out_.put_list(list);
    list.clear();
    for (std::size_t i = 0; i < version.features.size();) {
        list.push_back(out_.put_text(texts.text(version.features[i])));
        const std::uint32_t count = version.features[i + 1];
        list.push_back(count);
        for (std::uint32_t k = 0; k < count; ++k) {
            list.push_back(out_.put_text(texts.text(version.features[i + 2 + k])));
        }
        i += 2 + std::size_t{count};
    }
    if (!list.empty()) entry.features = out_.put_list(list);
    out_.extras.push_back(entry);
}

void UniverseWriter::write_versions() {
    out_.version_first.assign(names.size() + std::size_t{1}, 0);
    bool has_latest = false;
    for (std::uint32_t i = 0; i < versions.size(); ++i) {
        const DraftVersion& version = versions[i];
        ++out_.version_first[final_name_[version.name] + 1];
        if (i == 0 || versions[i - 1].name != version.name) has_latest = false;
        const Candidate& candidate = version.candidate;
        std::uint8_t flags = 0;
        if (candidate.yanked) flags |= kYanked;
        if (version.extra) flags |= kHasExtra;
        if (version.default_feature) flags |= kHasDefaultFeature;
        if (!has_latest && !candidate.yanked && candidate.source_id.empty() &&
            !candidate.version.is_prerelease()) {
            flags |= kLatest;
            has_latest = true;
        }
        out_.versions.push_back(out_.put_version(candidate.version));
        out_.version_flags.push_back(flags);
        if (version.extra) write_extra(i, version);
    }
    for (std::size_t n = 1; n < out_.version_first.size(); ++n) {
        out_.version_first[n] += out_.version_first[n - 1];
    }
    std::sort(out_.provides.begin(), out_.provides.end(),
              [](const ProvideEntry& a, const ProvideEntry& b) {
                  return std::tuple(a.virtual_name, a.version, a.provided) <
                         std::tuple(b.virtual_name, b.version, b.provided);
              });
}

std::uint32_t UniverseWriter::write_requirement(std::uint32_t demand, bool excludes) {
    std::uint32_t& known = excludes ? exclusion_ids_[demand] : requirement_ids_[demand];
    if (known != kNone) return known;
    const std::vector<std::uint32_t> list = demands.list(demand);
    std::vector<Part> parts;
    Compiler compiler(view_);
    std::vector<std::uint32_t> declared;
    for (std::size_t i = 0; i < list.size(); i += 2) {
        const std::uint32_t name = final_name_[list[i]];
        declared.push_back(name);
        declared.push_back(out_.put_text(constraint_texts.text(list[i + 1])));
        out_.show(view_);  // texts have grown
        if (excludes) {
            compiler.exclude(name, constraints[list[i + 1]], parts);
        } else {
            compiler.meet(name, constraints[list[i + 1]], parts);
        }
    }
    RequirementEntry entry{declared[0], declared[1], kNone, 0, 0};
    if (declared.size() > 2) {
        entry.name = kNone;
        entry.constraint = out_.put_list(declared);
    }
    const Reading reading = excludes ? Reading::kExcludes : Reading::kMeets;
    entry = complete_entry(entry, std::move(parts), reading, out_);
    known = static_cast<std::uint32_t>(out_.requirements.size());
    out_.requirements.push_back(entry);
    return known;
}

std::uint32_t UniverseWriter::write_condition(const DraftItem& item) {
    const std::uint64_t key = (std::uint64_t{item.demand} << 32) | item.condition;
    const auto [at, fresh] =
        condition_ids_.emplace(key, static_cast<std::uint32_t>(out_.conditions.size()));
    if (!fresh) return at->second;
    const std::vector<std::uint32_t> list = conditions.list(item.condition);
    ConditionEntry entry{write_requirement(item.demand, false),
                         static_cast<std::uint8_t>(list[0]),
                         static_cast<std::uint8_t>(list[1]),
                         0,
                         kNone,
                         kNone};
    if (list[2] != kNone) entry.platform = out_.put_text(texts.text(list[2]));
    std::vector<std::uint32_t> features;
    for (std::size_t i = 3; i < list.size(); ++i) {
        features.push_back(out_.put_text(texts.text(list[i])));
    }
    if (!features.empty()) entry.features = out_.put_list(features);
    out_.conditions.push_back(entry);
    return at->second;
}

std::uint32_t UniverseWriter::write_item(const DraftItem& item) {
    const std::uint32_t number = item.kind == kConditional
                                     ? write_condition(item)
                                     : write_requirement(item.demand, item.kind == kExcludes);
    return (item.kind << kItemNumberBits) | number;
}

void UniverseWriter::write_rows() {
    requirement_ids_.assign(demands.size(), kNone);
    exclusion_ids_.assign(demands.size(), kNone);
    out_.row_first.push_back(0);
    std::unordered_map<std::string, std::uint32_t> rows;
    std::vector<std::uint32_t> row;
    for (const DraftVersion& version : versions) {
        row.clear();
        for (std::uint32_t i = 0; i < version.items_count; ++i) {
            row.push_back(write_item(items[static_cast<std::size_t>(version.items_first + i)]));
        }
        std::string key(reinterpret_cast<const char*>(row.data()),
                        row.size() * sizeof(std::uint32_t));
        const auto [at, fresh] =
            rows.emplace(std::move(key), static_cast<std::uint32_t>(out_.row_first.size() - 1));
        if (fresh) {
            out_.items.insert(out_.items.end(), row.begin(), row.end());
            out_.row_first.push_back(static_cast<std::uint32_t>(out_.items.size()));
        }
        out_.version_rows.push_back(at->second);
    }
}

Result<Bytes> UniverseWriter::write() {
    CATALOG_TRY_VOID(sort_versions());
    write_names();
    write_versions();
    write_rows();
    return assemble();
}

Result<Bytes> UniverseWriter::assemble() const {
    if (out_.texts.size() >= kNone || out_.names.size() >= kNone || out_.lists.size() >= kNone) {
        return fail(too_large("text"));
    }
    Bytes bytes(kHeaderBytes);
    std::string table;
    const auto put = [&](const void* data, std::size_t size) {
        bytes.resize((bytes.size() + 7) / 8 * 8);
        append_le(table, std::uint64_t{bytes.size()});
        append_le(table, std::uint64_t{size});
        const auto* from = static_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), from, from + size);
    };
    const auto put_table = [&](const auto& rows) {
        put(rows.data(), rows.size() * sizeof(rows[0]));
    };
    put_table(out_.name_offsets);
    put_table(out_.name_table);
    put_table(out_.version_first);
    put_table(out_.versions);
    put_table(out_.version_flags);
    put_table(out_.version_rows);
    put_table(out_.row_first);
    put_table(out_.items);
    put_table(out_.requirements);
    put_table(out_.alternatives);
    put_table(out_.conditions);
    put_table(out_.masks);
    put_table(out_.provides);
    put_table(out_.extras);
    put_table(out_.lists);
    put_table(out_.texts);
    put_table(out_.names);
    bytes.resize((bytes.size() + 7) / 8 * 8);

    std::string header(kMagic);
    append_le(header, kFormatVersion);
    append_le(header, names.size());
    append_le(header, std::uint64_t{bytes.size()});
    append_le(header, checksum(ByteView(bytes).subspan(kHeaderBytes)));
    append_le(header, std::uint32_t{kSectionCount});
    append_le(header, std::uint32_t{0});
    append_le(header, std::uint64_t{0});
    header += table;
    header.resize(kHeaderBytes - 8, '\0');
    append_le(header, checksum(as_bytes(header)));
    std::memcpy(bytes.data(), header.data(), header.size());
    return bytes;
}

}  // namespace frozen

struct UniverseBuilder::Impl : frozen::UniverseWriter {};

UniverseBuilder::UniverseBuilder() : impl_(std::make_unique<Impl>()) {}
UniverseBuilder::~UniverseBuilder() = default;
UniverseBuilder::UniverseBuilder(UniverseBuilder&&) noexcept = default;
UniverseBuilder& UniverseBuilder::operator=(UniverseBuilder&&) noexcept = default;

Result<void> UniverseBuilder::add(std::string_view name, const Candidate& candidate,
                                  const PackageRecord& record) {
    if (impl_->items.size() + record.dependencies.size() + record.conflicts.size() >
        frozen::kItemNumberMask) {
        return fail(frozen::too_large("dependencies"));
    }
    frozen::DraftVersion version;
    version.name = impl_->names.intern(name);
    version.candidate = candidate;
    version.items_first = impl_->items.size();
    for (const Requirement& source : record.dependencies) impl_->add_dependency(source);
    for (const Target& conflict : record.conflicts) {
        impl_->items.push_back({frozen::kExcludes, impl_->demand(conflict, {}), 0});
    }
    version.items_count = static_cast<std::uint32_t>(impl_->items.size() - version.items_first);
    for (const Provided& provided : record.provides) {
        version.provides.emplace_back(impl_->names.intern(provided.name), provided.version);
    }
    for (const auto& [feature, list] : record.features) {
        version.features.push_back(impl_->texts.intern(feature));
        version.features.push_back(static_cast<std::uint32_t>(list.size()));
        for (const std::string& item : list) {
            version.features.push_back(impl_->texts.intern(item));
        }
    }
    version.default_feature = record.features.find("default") != record.features.end();
    version.extra =
        !version.provides.empty() || !version.features.empty() || !candidate.source_id.empty();
    impl_->versions.push_back(std::move(version));
    return {};
}

Result<void> UniverseBuilder::add_all(DependencyProvider& provider,
                                      std::span<const std::string> names) {
    for (const std::string& name : names) {
        CATALOG_TRY(const std::vector<Candidate> candidates, provider.versions(name));
        for (const Candidate& candidate : candidates) {
            CATALOG_TRY(const PackageRecord record, provider.record(name, candidate));
            CATALOG_TRY_VOID(add(name, candidate, record));
        }
    }
    return {};
}

Result<Bytes> UniverseBuilder::finish() {
    auto bytes = impl_->write();
    impl_ = std::make_unique<Impl>();
    return bytes;
}

}  // namespace catalog::resolve
