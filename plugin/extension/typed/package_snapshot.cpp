#include "package_snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "catalog/internal/try.hpp"

namespace catalog::extension {

namespace {

// The numbers of the library and those of the C interface are the same ones.
static_assert(static_cast<int>(package::PackageState::kPreparing) == CAT_STATE_PREPARING);
static_assert(static_cast<int>(package::PackageState::kPublished) == CAT_STATE_PUBLISHED);
static_assert(static_cast<int>(package::PackageState::kDeprecated) == CAT_STATE_DEPRECATED);
static_assert(static_cast<int>(package::PackageState::kArchived) == CAT_STATE_ARCHIVED);
static_assert(static_cast<int>(package::PackageType::kLibrary) == CAT_TYPE_LIBRARY);
static_assert(static_cast<int>(package::PackageType::kContainer) == CAT_TYPE_CONTAINER);
static_assert(static_cast<int>(package::PackageType::kResource) == CAT_TYPE_RESOURCE);
static_assert(static_cast<int>(DependencyKind::kRequired) == CAT_DEPENDENCY_REQUIRED);
static_assert(static_cast<int>(DependencyKind::kBuild) == CAT_DEPENDENCY_BUILD);
static_assert(static_cast<int>(DependencyKind::kPeer) == CAT_DEPENDENCY_PEER);
static_assert(sizeof(cat_hash) == ContentHash::kDigestBytes);

/// Lays things out in a block, one behind the other. Without a block it only measures.
class BlockLayout {
public:
    BlockLayout(void* block, std::size_t used) noexcept
        : block_(static_cast<std::byte*>(block)), used_(used) {}

    [[nodiscard]] std::size_t used() const noexcept { return used_; }

    hmx_str text(std::string_view text) noexcept {
        auto* const to = static_cast<char*>(take(text.size(), 1));
        if (to != nullptr && !text.empty()) std::memcpy(to, text.data(), text.size());
        return {to, text.size()};
    }

    /// Returns `count` items, each a copy of what `make(i)` returns, which may take more of the
    /// block.
    template <class T, class Make>
    hmx_list list(std::size_t count, const Make& make) {
        static_assert(std::is_trivially_copyable_v<T>);
        T* const items = static_cast<T*>(take(count * sizeof(T), alignof(T)));
        for (std::size_t i = 0; i < count; ++i) {
            const T item = make(i);
            if (items != nullptr) new (items + i) T(item);
        }
        return {count == 0 ? nullptr : items, static_cast<std::uint32_t>(count), sizeof(T)};
    }

    hmx_list texts(const std::vector<std::string>& from) {
        return list<hmx_str>(from.size(), [&](std::size_t i) { return text(from[i]); });
    }

private:
    void* take(std::size_t bytes, std::size_t alignment) noexcept {
        used_ = (used_ + alignment - 1) / alignment * alignment;
        std::byte* const at = block_ == nullptr ? nullptr : block_ + used_;
        used_ += bytes;
        return at;
    }

    std::byte* block_;
    std::size_t used_;
};

/// What the library has in another form and has to be written first.
struct SnapshotTexts {
    std::string id;
    std::string manifest_json;
    std::vector<std::string> requirements;
    std::vector<std::string> platforms;
};

Result<SnapshotTexts> write_texts(const index::IndexEntry& entry,
                                  const package::Manifest* manifest) {
    SnapshotTexts texts;
    texts.id = entry.id.to_string();
    if (manifest == nullptr) return texts;
    CATALOG_TRY(texts.manifest_json, manifest->encode());
    for (const package::Dependency& dependency : manifest->metadata.dependencies) {
        texts.requirements.push_back(dependency.target.constraint.to_string());
        texts.platforms.push_back(dependency.platform.to_string());
    }
    return texts;
}

cat_hash hash_to_abi(const ContentHash& hash) noexcept {
    cat_hash to{};
    std::memcpy(to.bytes, hash.digest.data(), sizeof to.bytes);
    return to;
}

std::uint32_t number_to_abi(std::uint64_t number) noexcept {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min(number, kMost));
}

std::uint32_t flags_of(const index::IndexEntry& entry) noexcept {
    std::uint32_t flags = 0;
    if (entry.yanked) flags |= CAT_PACKAGE_YANKED;
    if (entry.origin == index::Origin::kImported) flags |= CAT_PACKAGE_METADATA_ONLY;
    return flags;
}

std::int64_t published_us(const index::IndexEntry& entry) noexcept {
    return static_cast<std::int64_t>(entry.published.time_since_epoch().count());
}

cat_dependency dependency_to_abi(BlockLayout& layout, const package::Dependency& dependency,
                                 const std::string& requirement, const std::string& platform) {
    cat_dependency to{};
    to.struct_size = sizeof to;
    to.kind = static_cast<std::uint32_t>(dependency.kind);
    to.features = layout.texts(dependency.features);
    to.name = layout.text(dependency.target.name.view());
    to.requirement = layout.text(requirement);
    to.platform = layout.text(platform);
    return to;
}

/// Run twice, without and with a block, so that what is measured is what is written.
cat_package lay_out(BlockLayout& layout, const index::IndexEntry& entry,
                    const package::Manifest* manifest, const SnapshotTexts& texts) {
    cat_package to{};
    to.struct_size = sizeof to;
    to.state = static_cast<std::uint32_t>(entry.state);
    to.type = static_cast<std::uint32_t>(entry.type);
    to.flags = flags_of(entry);
    to.version_major = number_to_abi(entry.version.major());
    to.version_minor = number_to_abi(entry.version.minor());
    to.version_patch = number_to_abi(entry.version.patch());
    to.file_count = entry.file_count;
    to.size_bytes = entry.file_bytes;
    to.log_index = entry.log_index;
    to.published_us = published_us(entry);
    to.digest = hash_to_abi(entry.digest.hash);
    if (manifest != nullptr) {
        const package::PackageMetadata& metadata = manifest->metadata;
        to.files_root = hash_to_abi(manifest->files_root);
        to.dependencies =
            layout.list<cat_dependency>(metadata.dependencies.size(), [&](std::size_t i) {
                return dependency_to_abi(layout, metadata.dependencies[i], texts.requirements[i],
                                         texts.platforms[i]);
            });
        to.authors = layout.texts(metadata.authors);
        to.keywords = layout.texts(metadata.keywords);
    }
    to.id = layout.text(texts.id);
    to.name = {to.id.data, entry.id.name().view().size()};
    const std::size_t version_bytes = entry.id.version().size();
    to.version = {to.id.data == nullptr ? nullptr : to.id.data + to.id.size - version_bytes,
                  version_bytes};
    to.description = layout.text(entry.description);
    to.license = layout.text(entry.license);
    to.metadata_json = layout.text(texts.manifest_json);
    return to;
}

}  // namespace

Result<SnapshotLink> PackageSnapshot::make(const index::IndexEntry& entry,
                                           const package::Manifest* manifest,
                                           Outstanding& outstanding) {
    CATALOG_TRY(const SnapshotTexts texts, write_texts(entry, manifest));
    BlockLayout measure(nullptr, sizeof(PackageSnapshot));
    static_cast<void>(lay_out(measure, entry, manifest, texts));
    const std::size_t bytes = measure.used();
    void* const block = ::operator new(bytes);
    auto* const snapshot = new (block) PackageSnapshot(bytes, outstanding);
    SnapshotLink link(snapshot);
    BlockLayout layout(block, sizeof(PackageSnapshot));
    snapshot->package_ = lay_out(layout, entry, manifest, texts);
    snapshot->package_.owner = snapshot;
    snapshot->package_.release = &PackageSnapshot::release;
    outstanding.add_bytes(bytes);
    return link;
}

cat_package PackageSnapshot::borrowed() const noexcept {
    cat_package package = package_;
    package.owner = nullptr;
    package.release = nullptr;
    return package;
}

bool PackageSnapshot::shows(const index::IndexEntry& entry) const noexcept {
    return std::memcmp(package_.digest.bytes, entry.digest.hash.digest.data(),
                       sizeof package_.digest.bytes) == 0 &&
           package_.state == static_cast<std::uint32_t>(entry.state) &&
           package_.flags == flags_of(entry) && package_.log_index == entry.log_index &&
           package_.published_us == published_us(entry);
}

void PackageSnapshot::hand_out(cat_package* out) const noexcept {
    add_holder();
    outstanding_->hand_out();
    static_cast<void>(write_struct(package_, out));
}

void PackageSnapshot::release(void* owner) noexcept {
    if (owner == nullptr) return;
    const auto* const snapshot = static_cast<const PackageSnapshot*>(owner);
    Outstanding* const outstanding = snapshot->outstanding_;
    snapshot->drop_holder();
    outstanding->give_back();
}

void PackageSnapshot::drop_holder() const noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    outstanding_->remove_bytes(bytes_);
    void* const block = const_cast<PackageSnapshot*>(this);  // NOLINT: it was made not const
    this->~PackageSnapshot();
    ::operator delete(block);
}

}  // namespace catalog::extension
