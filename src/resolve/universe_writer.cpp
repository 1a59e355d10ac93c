#include "universe_writer.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::resolve::frozen {

namespace {

constexpr std::size_t kRowsBetweenQuestions = 4'096;

template <class T>
void give_free(T& container) {
    T().swap(container);
}

/// The first eight bytes as a number, so that most pairs of texts are compared at once.
std::uint64_t text_prefix(std::string_view text) {
    std::uint64_t prefix = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        prefix = (prefix << 8) | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
    }
    return prefix;
}

std::uint64_t mixed(std::uint64_t number) {
    number *= 0x9E3779B97F4A7C15;  // 2^64 by the golden ratio: Knuth's multiplicative hashing
    return number ^ (number >> 29) * 0xBF58476D1CE4E5B9;
}

}  // namespace

void UniverseTables::show(FrozenUniverse::View& view) const {
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

std::uint32_t UniverseTables::put_text(std::string_view text) {
    const std::uint32_t id = texts_by_number_.intern(text);
    if (id < text_places_.size()) return text_places_[id];
    text_places_.push_back(static_cast<std::uint32_t>(texts.size()));
    append_le(texts, static_cast<std::uint16_t>(text.size()));
    texts += text.substr(0, 0xffff);
    return text_places_.back();
}

std::uint32_t UniverseTables::put_list(std::span<const std::uint32_t> list) {
    const auto at = static_cast<std::uint32_t>(lists.size());
    lists.push_back(static_cast<std::uint32_t>(list.size()));
    lists.insert(lists.end(), list.begin(), list.end());
    return at;
}

std::uint64_t UniverseTables::put_version(const version::SemVer& version) {
    std::uint64_t packed = 0;
    if (pack(version, packed)) return packed;
    return kTextVersion | put_text(version.to_string());
}

std::uint64_t UniverseTables::put_mask(std::vector<std::uint64_t> words) {
    const std::uint64_t place = masks.size();
    masks.insert(masks.end(), words.begin(), words.end());
    return place;
}

std::uint64_t UniverseTables::put_alternatives(std::vector<RequirementEntry> entries) {
    const std::uint64_t place = alternatives.size();
    alternatives.insert(alternatives.end(), entries.begin(), entries.end());
    return place;
}

void UniverseWriter::write_names() {
    names_ = draft_.names.size();
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order(names_);
    for (std::uint32_t i = 0; i < names_; ++i) order[i] = {text_prefix(draft_.names.text(i)), i};
    std::sort(order.begin(), order.end(), [this](const auto& a, const auto& b) {
        if (a.first != b.first) return a.first < b.first;
        return draft_.names.text(a.second) < draft_.names.text(b.second);
    });
    final_name_.resize(names_);
    out_.names.reserve(draft_.names.bytes());
    out_.name_offsets.reserve(std::size_t{names_} + 1);
    out_.name_offsets.push_back(0);
    out_.name_table.assign(std::bit_ceil(2 * std::size_t{names_} + 2), 0);
    const auto mask = static_cast<std::uint32_t>(out_.name_table.size() - 1);
    for (std::uint32_t i = 0; i < names_; ++i) {
        const std::string_view text = draft_.names.text(order[i].second);
        final_name_[order[i].second] = i;
        out_.names += text;
        out_.name_offsets.push_back(static_cast<std::uint32_t>(out_.names.size()));
        auto slot = static_cast<std::uint32_t>(name_hash(text)) & mask;
        while (out_.name_table[slot] != 0) slot = (slot + 1) & mask;
        out_.name_table[slot] = i + 1;
    }
    draft_.names = TextTable();
}

/// Of two versions of one name: the newer first, then by source.
bool UniverseWriter::is_before(std::uint32_t a, std::uint32_t b) const {
    const std::uint64_t value_a = draft_.version_values[a];
    const std::uint64_t value_b = draft_.version_values[b];
    // Packed ones compare as what they were packed from.
    if (((value_a | value_b) & kTextVersion) == 0) {
        if (value_a != value_b) return value_a > value_b;
    } else {
        const auto compared = draft_.version_of(value_b) <=> draft_.version_of(value_a);
        if (compared != 0) return compared < 0;
    }
    const auto source = [this](std::uint32_t version) {
        const DraftExtra* extra =
            (draft_.version_flags[version] & kHasExtra) != 0 ? draft_.extra_of(version) : nullptr;
        return extra == nullptr || extra->source == kNone ? std::string_view()
                                                          : draft_.texts.text(extra->source);
    };
    return source(a) < source(b);
}

Result<void> UniverseWriter::sort_versions() {
    const auto count = static_cast<std::uint32_t>(draft_.version_names.size());
    out_.version_first.assign(std::size_t{names_} + 1, 0);
    for (const std::uint32_t name : draft_.version_names) {
        ++out_.version_first[std::size_t{final_name_[name]} + 1];
    }
    std::partial_sum(out_.version_first.begin(), out_.version_first.end(),
                     out_.version_first.begin());
    order_.resize(count);
    {
        std::vector<std::uint32_t> next(out_.version_first.begin(), out_.version_first.end() - 1);
        for (std::uint32_t i = 0; i < count; ++i) {
            order_[next[final_name_[draft_.version_names[i]]]++] = i;
        }
    }
    for (std::uint32_t name = 0; name < names_; ++name) {
        const auto first = order_.begin() + out_.version_first[name];
        const auto end = order_.begin() + out_.version_first[name + 1];
        if (end - first < 2) continue;
        std::sort(first, end, [this](std::uint32_t a, std::uint32_t b) { return is_before(a, b); });
        // Two that differ in build metadata alone are one.
        const auto twice = std::adjacent_find(first, end, [this](std::uint32_t a, std::uint32_t b) {
            const auto bare = [this](std::uint32_t version) {
                return draft_.version_of(draft_.version_values[version]);
            };
            const DraftExtra* extra_a = draft_.extra_of(a);
            const DraftExtra* extra_b = draft_.extra_of(b);
            return compare_precedence(bare(a), bare(b)) == 0 &&
                   (extra_a == nullptr ? kNone : extra_a->source) ==
                       (extra_b == nullptr ? kNone : extra_b->source);
        });
        if (twice == end) continue;
        const std::string text(std::string_view(out_.names)
                                   .substr(out_.name_offsets[name],
                                           out_.name_offsets[name + 1] - out_.name_offsets[name]));
        return fail(Error(Errc::kAlreadyExists, "this version was added twice")
                        .with_input(text + "@" +
                                    draft_.version_of(draft_.version_values[*twice]).to_string()));
    }
    return {};
}

std::uint64_t UniverseWriter::put_value(std::uint64_t value) {
    if ((value & kTextVersion) == 0) return value;
    return out_.put_version(draft_.version_of(value));
}

void UniverseWriter::write_extra(std::uint32_t index, const DraftExtra& extra) {
    ExtraEntry entry{index, kNone, kNone, kNone};
    if (extra.source != kNone) entry.source_id = out_.put_text(draft_.texts.text(extra.source));
    const std::uint32_t name = final_name_[draft_.version_names[extra.version]];
    const std::uint32_t* number = draft_.extra_numbers.data() + extra.first;
    std::vector<std::uint32_t> list;
    for (std::uint32_t i = 0; i < extra.provides_count; ++i, number += 3) {
        const std::uint32_t provided = final_name_[number[0]];
        const std::uint64_t value = put_value(number[1] | (std::uint64_t{number[2]} << 32));
        out_.provides.push_back({provided, name, index, 0, value});
        list.push_back(provided);
        list.push_back(static_cast<std::uint32_t>(value));
        list.push_back(static_cast<std::uint32_t>(value >> 32));
    }
    if (!list.empty()) entry.provides = out_.put_list(list);
    list.clear();
    for (const std::uint32_t* const end = number + extra.features_count; number != end;) {
        list.push_back(out_.put_text(draft_.texts.text(*number++)));
        const std::uint32_t count = *number++;
        list.push_back(count);
        for (std::uint32_t k = 0; k < count; ++k) {
            list.push_back(out_.put_text(draft_.texts.text(*number++)));
        }
    }
    if (!list.empty()) entry.features = out_.put_list(list);
    out_.extras.push_back(entry);
}

void UniverseWriter::write_versions() {
    out_.versions.reserve(order_.size());
    out_.version_flags.reserve(order_.size());
    std::uint32_t before = kNone;
    bool has_latest = false;
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
        const std::uint32_t version = order_[i];
        if (draft_.version_names[version] != before) has_latest = false;
        before = draft_.version_names[version];
        std::uint8_t flags = draft_.version_flags[version];
        const DraftExtra* extra = (flags & kHasExtra) != 0 ? draft_.extra_of(version) : nullptr;
        const std::uint64_t value = draft_.version_values[version];
        if (!has_latest && (flags & kYanked) == 0 && (extra == nullptr || extra->source == kNone) &&
            ((value & kTextVersion) == 0 || !draft_.version_of(value).is_prerelease())) {
            flags |= kLatest;
            has_latest = true;
        }
        out_.versions.push_back(put_value(value));
        out_.version_flags.push_back(flags);
        if (extra != nullptr) write_extra(i, *extra);
    }
    std::sort(out_.provides.begin(), out_.provides.end(),
              [](const ProvideEntry& a, const ProvideEntry& b) {
                  return std::tuple(a.virtual_name, a.version, a.provided) <
                         std::tuple(b.virtual_name, b.version, b.provided);
              });
    give_free(draft_.version_names);
    give_free(draft_.version_values);
    give_free(draft_.version_flags);
    give_free(draft_.odd_versions);
    give_free(draft_.extras);
    give_free(draft_.extra_numbers);
}

/// `targets` are (final name, constraint) in the order in which they are wanted.
std::uint32_t UniverseWriter::write_requirement(std::span<const std::uint32_t> targets,
                                                Reading reading) {
    std::vector<Part> parts;
    Compiler compiler(view_);
    std::vector<std::uint32_t> declared;
    for (std::size_t i = 0; i < targets.size(); i += 2) {
        std::uint32_t& place = constraint_places_[targets[i + 1]];
        if (place == kNone) {
            place = out_.put_text(draft_.constraint_texts.text(targets[i + 1]));
            out_.show(view_);  // texts have grown
        }
        declared.push_back(targets[i]);
        declared.push_back(place);
        const version::VersionConstraint& constraint = draft_.constraints[targets[i + 1]];
        if (reading == Reading::kExcludes) {
            compiler.exclude(targets[i], constraint, parts);
        } else {
            compiler.meet(targets[i], constraint, parts);
        }
    }
    RequirementEntry entry{declared[0], declared[1], kNone, 0, 0};
    if (declared.size() > 2) {
        entry.name = kNone;
        entry.constraint = out_.put_list(declared);
        out_.show(view_);  // as lists have now
    }
    out_.requirements.push_back(complete_entry(entry, std::move(parts), reading, out_));
    return static_cast<std::uint32_t>(out_.requirements.size() - 1);
}

std::uint32_t UniverseWriter::write_single(const DraftItem& item) {
    const std::array<std::uint32_t, 2> target{final_name_[item.subject], item.rest()};
    const bool excludes = item.kind() == DraftItem::Kind::kExcludes;
    const auto next = static_cast<std::uint32_t>(out_.requirements.size());
    const std::uint32_t found =
        (excludes ? excludes_ : needs_)
            .find_or_add(mixed((std::uint64_t{target[0]} << 32) | target[1]), next,
                         [&](std::uint32_t id) {
                             const RequirementEntry& entry = out_.requirements[id];
                             return entry.name == target[0] &&
                                    entry.constraint == constraint_places_[target[1]];
                         });
    if (found != next) return found;
    return write_requirement(target, excludes ? Reading::kExcludes : Reading::kMeets);
}

std::uint32_t UniverseWriter::write_choice(std::uint32_t list) {
    if (choice_ids_[list] != kNone) return choice_ids_[list];
    std::vector<std::uint32_t> targets = draft_.choices.list(list);
    for (std::size_t i = 0; i < targets.size(); i += 2) targets[i] = final_name_[targets[i]];
    return choice_ids_[list] = write_requirement(targets, Reading::kMeets);
}

std::uint32_t UniverseWriter::write_conditional(const DraftConditional& conditional) {
    const std::uint32_t requirement = conditional.wanted.kind() == DraftItem::Kind::kNeedsOneOf
                                          ? write_choice(conditional.wanted.subject)
                                          : write_single(conditional.wanted);
    const std::uint64_t key = (std::uint64_t{requirement} << 32) | conditional.condition;
    const auto [at, fresh] =
        condition_ids_.emplace(key, static_cast<std::uint32_t>(out_.conditions.size()));
    if (!fresh) return at->second;
    const std::vector<std::uint32_t> list = draft_.conditions.list(conditional.condition);
    ConditionEntry entry{requirement,
                         static_cast<std::uint8_t>(list[0]),
                         static_cast<std::uint8_t>(list[1]),
                         0,
                         kNone,
                         kNone};
    if (list[2] != kNone) entry.platform = out_.put_text(draft_.texts.text(list[2]));
    std::vector<std::uint32_t> features;
    for (std::size_t i = 3; i < list.size(); ++i) {
        features.push_back(out_.put_text(draft_.texts.text(list[i])));
    }
    if (!features.empty()) entry.features = out_.put_list(features);
    out_.show(view_);
    out_.conditions.push_back(entry);
    return at->second;
}

std::uint32_t UniverseWriter::write_item(const DraftItem& item) {
    const auto with_kind = [](ItemKind kind, std::uint32_t number) {
        return (static_cast<std::uint32_t>(kind) << kItemNumberBits) | number;
    };
    switch (item.kind()) {
        case DraftItem::Kind::kConditional:
            return with_kind(kConditional, write_conditional(draft_.conditionals[item.subject]));
        case DraftItem::Kind::kNeedsOneOf:
            return with_kind(kNeeds, write_choice(item.subject));
        case DraftItem::Kind::kExcludes:
            return with_kind(kExcludes, write_single(item));
        default:
            return with_kind(kNeeds, write_single(item));
    }
}

Result<void> UniverseWriter::write_rows() {
    choice_ids_.assign(draft_.choices.size(), kNone);
    constraint_places_.assign(draft_.constraints.size(), kNone);
    out_.show(view_);
    draft_.version_items.push_back(static_cast<std::uint32_t>(draft_.items.size()));
    out_.version_rows.reserve(order_.size());
    out_.row_first.push_back(0);
    RowTable rows;
    for (const std::uint32_t version : order_) {
        if (out_.version_rows.size() % kRowsBetweenQuestions == 0 && proceed_) {
            CATALOG_TRY_VOID(proceed_());
        }
        // Written where it would stay, and taken back when it is there already.
        const auto first = static_cast<std::uint32_t>(out_.items.size());
        for (std::uint32_t i = draft_.version_items[version];
             i < draft_.version_items[std::size_t{version} + 1]; ++i) {
            out_.items.push_back(write_item(draft_.items[i]));
        }
        const std::span<const std::uint32_t> row = std::span(out_.items).subspan(first);
        const auto next = static_cast<std::uint32_t>(out_.row_first.size() - 1);
        const std::uint32_t found =
            rows.find_or_add(checksum(std::as_bytes(row)), next, [&](std::uint32_t id) {
                const auto other =
                    std::span(out_.items)
                        .subspan(out_.row_first[id], out_.row_first[id + 1] - out_.row_first[id]);
                return std::ranges::equal(other, row);
            });
        if (found == next) {
            out_.row_first.push_back(static_cast<std::uint32_t>(out_.items.size()));
        } else {
            out_.items.resize(first);
        }
        out_.version_rows.push_back(found);
    }
    draft_ = UniverseDraft();
    give_free(order_);
    give_free(final_name_);
    needs_ = RowTable();
    excludes_ = RowTable();
    return {};
}

Result<Bytes> UniverseWriter::write(std::size_t front) {
    write_names();
    CATALOG_TRY_VOID(sort_versions());
    write_versions();
    CATALOG_TRY_VOID(write_rows());
    return assemble(front);
}

Result<Bytes> UniverseWriter::assemble(std::size_t front) {
    if (out_.texts.size() >= kNone || out_.names.size() >= kNone || out_.lists.size() >= kNone) {
        return fail(no_room_for_more("text"));
    }
    std::size_t total = front + kHeaderBytes;
    const auto each_table = [this](const auto& visit) {
        visit(out_.name_offsets);
        visit(out_.name_table);
        visit(out_.version_first);
        visit(out_.versions);
        visit(out_.version_flags);
        visit(out_.version_rows);
        visit(out_.row_first);
        visit(out_.items);
        visit(out_.requirements);
        visit(out_.alternatives);
        visit(out_.conditions);
        visit(out_.masks);
        visit(out_.provides);
        visit(out_.extras);
        visit(out_.lists);
        visit(out_.texts);
        visit(out_.names);
    };
    each_table([&](const auto& rows) { total += (rows.size() * sizeof(rows[0]) + 7) / 8 * 8; });
    Bytes bytes;
    bytes.reserve(total);
    bytes.resize(front + kHeaderBytes);
    const auto align = [&] { bytes.resize(front + (bytes.size() - front + 7) / 8 * 8); };
    std::string table;
    each_table([&](auto& rows) {
        align();
        const std::span<const std::byte> from = std::as_bytes(std::span(rows.data(), rows.size()));
        append_le(table, std::uint64_t{bytes.size() - front});
        append_le(table, std::uint64_t{from.size()});
        bytes.insert(bytes.end(), from.begin(), from.end());
        give_free(rows);
    });
    align();

    std::string header(kMagic);
    append_le(header, kFormatVersion);
    append_le(header, names_);
    append_le(header, std::uint64_t{bytes.size() - front});
    append_le(header, checksum(ByteView(bytes).subspan(front + kHeaderBytes)));
    append_le(header, std::uint32_t{kSectionCount});
    append_le(header, std::uint32_t{0});
    append_le(header, std::uint64_t{0});
    header += table;
    header.resize(kHeaderBytes - 8, '\0');
    append_le(header, checksum(as_bytes(header)));
    std::memcpy(bytes.data() + front, header.data(), header.size());
    return bytes;
}

}  // namespace catalog::resolve::frozen
