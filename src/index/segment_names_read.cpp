// Names of a segment, their versions, and who depends on them.

#include <algorithm>
#include <array>

#include "catalog/index/segment.hpp"
#include "catalog/version/release_key.hpp"
#include "segment_view.hpp"

namespace catalog::index {

std::uint32_t Segment::View::lower_name(std::string_view text) const noexcept {
    return lower_fenced(at(SectionKind::kNameFences), root.names, text,
                        [this](std::uint32_t name) { return own_name(name); });
}

std::uint32_t Segment::View::lower_foreign(std::string_view text) const noexcept {
    return lower_text(0, root.foreign, text,
                      [this](std::uint32_t index) { return foreign_name(index); });
}

std::optional<NameId> Segment::find_name(std::string_view name) const noexcept {
    const std::uint32_t number = view_->lower_name(name);
    if (number == view_->root.names || view_->own_name(number) != name) return std::nullopt;
    return NameId{number};
}

std::string_view Segment::name_text(NameId name) const noexcept {
    const auto number = static_cast<std::uint32_t>(name);
    if (number < view_->root.names) return view_->own_name(number);
    const std::uint32_t index = number - view_->root.names;
    return index < view_->root.foreign ? view_->foreign_name(index) : std::string_view();
}

DocRange Segment::versions(NameId name) const noexcept {
    const auto number = static_cast<std::uint32_t>(name);
    if (number >= view_->root.names) return {};
    const DocRange range{view_->number(SectionKind::kFirstDocs, number),
                         view_->number(SectionKind::kFirstDocs, std::size_t{number} + 1)};
    return range.first <= range.end && range.end <= view_->root.docs ? range : DocRange();
}

std::optional<version::SemVer> Segment::version_of(DocId doc) const {
    const auto number = static_cast<std::uint32_t>(doc);
    if (number >= view_->root.docs) return std::nullopt;
    const auto record = view_->record(number);
    if (!record) return std::nullopt;
    const auto parsed = version::SemVer::parse(record->version());
    if (!parsed) return std::nullopt;
    return *parsed;
}

namespace {

// The version that a key stands for alone: a release of numbers that fit, and no build metadata
// that matters to a range.
std::optional<version::SemVer> release_of(std::uint64_t key) noexcept {
    using version::ReleaseKey;
    constexpr std::uint64_t kField = ReleaseKey::kMinor / ReleaseKey::kPatch - 1;
    const std::uint64_t major = key / ReleaseKey::kMajor;
    const std::uint64_t minor = key / ReleaseKey::kMinor & kField;
    const std::uint64_t patch = key / ReleaseKey::kPatch & kField;
    if (key % ReleaseKey::kPatch == 0 || (major | minor | patch) > ReleaseKey::kNumberMax)
        return std::nullopt;
    return version::SemVer(major, minor, patch);
}

}  // namespace

std::optional<DocId> Segment::best(NameId name,
                                   const version::VersionConstraint& constraint) const {
    const DocRange range = versions(name);
    for (std::uint32_t doc = range.first; doc < range.end; ++doc) {
        const auto key =
            load_le<std::uint64_t>(view_->at(SectionKind::kReleaseKeys) + std::size_t{8} * doc);
        auto version = release_of(key);
        if (!version) version = version_of(DocId{doc});
        if (!version || !constraint.matches(*version)) continue;
        const auto found = record(DocId{doc});
        if (found && !found->is_yanked() && found->state() != package::PackageState::kArchived)
            return DocId{doc};
    }
    return std::nullopt;
}

NameRange Segment::names_with_prefix(std::string_view prefix) const noexcept {
    const std::uint32_t first = view_->lower_name(prefix);
    std::uint32_t end = view_->root.names;
    // Behind all that begin with it: the prefix with its last byte raised. Names are ASCII.
    std::array<char, 256> behind;
    if (!prefix.empty() && prefix.size() <= behind.size()) {
        std::ranges::copy(prefix, behind.begin());
        const auto last = static_cast<unsigned char>(prefix.back());
        if (last < 255) {
            behind[prefix.size() - 1] = static_cast<char>(last + 1);
            end = view_->lower_name({behind.data(), prefix.size()});
        }
    } else if (!prefix.empty()) {
        end = first;
    }
    return {first, std::max(first, end)};
}

DocList Segment::dependents(std::string_view name) const noexcept {
    std::size_t number = view_->lower_name(name);
    if (number == view_->root.names ||
        view_->own_name(static_cast<std::uint32_t>(number)) != name) {
        const std::uint32_t index = view_->lower_foreign(name);
        if (index == view_->root.foreign || view_->foreign_name(index) != name) return {};
        number = std::size_t{view_->root.names} + index;
    }
    return dependents(NameId{static_cast<std::uint32_t>(number)});
}

DocList Segment::dependents(NameId name) const noexcept {
    const auto number = static_cast<std::size_t>(name);
    if (number >= std::size_t{view_->root.names} + view_->root.foreign) return {};
    const std::uint64_t first = view_->number(SectionKind::kReverseFirsts, number);
    const std::uint64_t end = view_->number(SectionKind::kReverseFirsts, number + 1);
    const ByteView docs = (*view_)[SectionKind::kReverseDocs];
    const std::uint64_t width = view_->root.doc_width;
    if (first > end || end * width > docs.size()) return {};
    return DocList(
        NarrowNumbers(docs.subspan(first * width, (end - first) * width), view_->root.doc_width));
}

}  // namespace catalog::index
