#include "asset_book.hpp"

#include <limits>
#include <optional>

#include "catalog/internal/try.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::library {

using internal::MutexLock;
using lifecycle::LedgerStep;

namespace {

constexpr std::size_t kPackagesPerCommit = 256;
constexpr std::size_t kFailuresMax = 4;

AssetSpec spec_of(const package::Manifest& manifest, const package::PackageDigest& digest) {
    const package::PackageMetadata& metadata = manifest.metadata;
    AssetSpec spec;
    spec.key = package_asset_key(metadata.id());
    spec.kind = std::string(kPackageAsset);
    spec.name = metadata.id().to_string();
    spec.description = metadata.description;
    spec.size_bytes = manifest.file_bytes;
    spec.digest = digest.hash;
    spec.metadata.emplace("type", package::package_type_name(metadata.type));
    spec.metadata.emplace("license", metadata.license);
    return spec;
}

AssetSpec spec_of_installation(const std::string& prefix, const lifecycle::AssetPackage& package,
                               const index::PackageIndex& index) {
    AssetSpec spec;
    // Without its manifest an installed package still is one.
    if (const Result<package::Manifest> manifest = index.manifest(package.digest))
        spec = spec_of(*manifest, package.digest);
    spec.key = installation_asset_key(prefix, package.id);
    spec.kind = std::string(kInstallationAsset);
    spec.name = package.id.to_string();
    spec.digest = package.digest.hash;
    spec.metadata.emplace("prefix", prefix);
    return spec;
}

/// What a removal needs to know of an asset is in its key.
PendingAsset removal_of(const std::string& key) {
    PendingAsset pending;
    pending.remove = true;
    pending.spec.key = key;
    const std::size_t hash = key.rfind('#');
    pending.spec.kind = std::string(hash == std::string::npos ? kPackageAsset : kInstallationAsset);
    pending.spec.name = hash == std::string::npos ? key : key.substr(hash + 1);
    return pending;
}

/// Returns an asset that is registered; one whose record cannot be read is as good as none, and
/// `verify` tells of it.
Result<std::optional<RegisteredAsset>> registered_in(const kv::CommitView& view, kv::Family family,
                                                     const std::string& key) {
    CATALOG_TRY(const std::optional<std::string> text, view.get(family, asset_record_key(key)));
    if (!text) return std::nullopt;
    Result<RegisteredAsset> asset = decode_asset(key, *text);
    if (!asset) return std::nullopt;
    return *std::move(asset);
}

}  // namespace

/// An asset that is to be there.
struct AssetBook::Wanted {
    std::string key;
    std::string mark;    ///< With a host's register: its encoded registration.
    std::string record;  ///< With the library's own: the identity, if there is none yet.
};

AssetBook::AssetBook(AssetPlace place, const index::PackageIndex& index,
                     std::shared_ptr<AssetRegistry> host)
    : place_(place),
      index_(index),
      host_(std::move(host)),
      register_(host_ ? host_ : std::make_shared<LocalAssetRegistry>(place)) {}

Result<AssetBook::Wanted> AssetBook::want(AssetSpec spec) const {
    Wanted wanted;
    wanted.key = spec.key;
    if (host_) {
        wanted.mark = encode_pending({false, std::move(spec)});
        return wanted;
    }
    CATALOG_TRY(AssetRecord record, make_asset_record(spec.kind, *place_.random, *place_.clock));
    wanted.record = encode_asset({std::move(record), true});
    return wanted;
}

LedgerStep AssetBook::step_for(std::vector<Wanted> wanted,
                               std::vector<std::string> unwanted) const {
    return [family = place_.family, hosted = host_ != nullptr, wanted = std::move(wanted),
            unwanted = std::move(unwanted)](const kv::CommitView& view,
                                            kv::WriteBatch& batch) -> Result<void> {
        // A mark is replaced, never dropped, while a host may be at it: see AssetBook::carry_out.
        for (const Wanted& asset : wanted) {
            CATALOG_TRY(const auto there, registered_in(view, family, asset.key));
            CATALOG_TRY(const auto mark, view.get(family, asset_mark_key(asset.key)));
            if (hosted) {
                if (!there || there->local || mark)
                    batch.put(family, asset_mark_key(asset.key), asset.mark);
                continue;
            }
            if (mark) batch.remove(family, asset_mark_key(asset.key));
            if (!there) batch.put(family, asset_record_key(asset.key), asset.record);
        }
        for (const std::string& key : unwanted) {
            CATALOG_TRY(const auto there, registered_in(view, family, key));
            CATALOG_TRY(const auto mark, view.get(family, asset_mark_key(key)));
            if (hosted || (there && !there->local)) {
                if (there || mark)
                    batch.put(family, asset_mark_key(key), encode_pending(removal_of(key)));
                continue;
            }
            batch.remove(family, asset_record_key(key));
            if (mark) batch.remove(family, asset_mark_key(key));
        }
        return {};
    };
}

Result<LedgerStep> AssetBook::published(const package::Manifest& manifest,
                                        const package::PackageDigest& digest) {
    std::vector<Wanted> wanted;
    CATALOG_TRY(Wanted one, want(spec_of(manifest, digest)));
    wanted.push_back(std::move(one));
    return step_for(std::move(wanted), {});
}

Result<LedgerStep> AssetBook::installed(const std::string& prefix,
                                        const std::vector<lifecycle::AssetPackage>& packages) {
    std::set<std::string> known;
    for (const char kind : {'a', 'w'}) {
        CATALOG_TRY(
            const std::vector<std::string> keys,
            keys_from(kind, installation_keys_of(prefix), std::numeric_limits<std::size_t>::max()));
        known.insert(keys.begin(), keys.end());
    }
    std::vector<Wanted> wanted;
    for (const lifecycle::AssetPackage& package : packages) {
        known.erase(installation_asset_key(prefix, package.id));
        CATALOG_TRY(Wanted one, want(spec_of_installation(prefix, package, index_)));
        wanted.push_back(std::move(one));
    }
    return step_for(std::move(wanted), {known.begin(), known.end()});
}

Result<std::vector<std::string>> AssetBook::keys_from(char kind, std::string_view prefix,
                                                      std::size_t limit) const {
    const std::string begin = std::string(1, kind) + std::string(prefix);
    std::vector<std::string> keys;
    const std::unique_ptr<kv::Iterator> walk = place_.store->iterate(place_.family);
    for (walk->seek(begin); walk->valid() && walk->key().starts_with(begin) && keys.size() < limit;
         walk->next()) {
        const std::string_view key = walk->key().substr(1);
        // A name may begin as another prefix's does; what stands behind the last '#' is the id.
        if (!prefix.ends_with('#') || key.rfind('#') + 1 == prefix.size()) keys.emplace_back(key);
    }
    CATALOG_TRY_VOID(walk->status());
    return keys;
}

Result<std::uint64_t> AssetBook::settle(std::string_view prefix, std::size_t limit,
                                        const CallContext& context) {
    CATALOG_TRY(const std::vector<std::string> keys, keys_from('w', prefix, limit));
    std::uint64_t count = 0;
    std::size_t failures = 0;
    Result<void> outcome;
    for (const std::string& key : keys) {
        CATALOG_TRY_VOID(context.check(*place_.clock));
        bool settled = false;
        const Result<void> done = settle_one(key, context, settled);
        count += settled ? 1 : 0;
        if (done) continue;
        // One asset that the host will not have must not stand in the way of the others; a host
        // that is away refuses them all.
        if (outcome) outcome = done;
        if (++failures == kFailuresMax) break;
    }
    if (!outcome) return fail(outcome.error());
    return count;
}

Result<void> AssetBook::settle_one(const std::string& key, const CallContext& context,
                                   bool& settled) {
    {
        const MutexLock lock(mutex_);
        if (!being_settled_.insert(key).second) return {};
    }
    Result<bool> more = true;
    while (more && *more) {
        std::optional<std::string> mark;
        {
            // Looked for and given up under the lock, so that whoever marks it now finds it free.
            const MutexLock lock(mutex_);
            auto found = place_.store->get(place_.family, asset_mark_key(key));
            if (!found || !*found) being_settled_.erase(key);
            if (!found) return fail(found.error());
            mark = *std::move(found);
        }
        if (!mark) return {};
        more = carry_out(key, *mark, context);
        settled = settled || (more && *more);
    }
    const MutexLock lock(mutex_);
    being_settled_.erase(key);
    if (!more) return fail(more.error());
    return {};
}

/// Returns whether something was done; false: the mark waits for a host.
Result<bool> AssetBook::carry_out(const std::string& key, const std::string& mark,
                                  const CallContext& context) {
    const Result<PendingAsset> pending = decode_pending(key, mark);
    if (!pending) {
        // Nobody can do what it says. `complete` finds what is missing then.
        kv::Commit commit;
        commit.batch.remove(place_.family, asset_mark_key(key));
        CATALOG_TRY_VOID(place_.queue->submit(std::move(commit)));
        return true;
    }
    if (!pending->remove) {
        CATALOG_TRY(const AssetRecord record, register_->register_asset(pending->spec, context));
        const std::string text = encode_asset({record, host_ == nullptr});
        CATALOG_TRY_VOID(commit_outcome(key, mark, &text));
        return true;
    }
    CATALOG_TRY(const std::optional<std::string> text,
                place_.store->get(place_.family, asset_record_key(key)));
    std::optional<RegisteredAsset> asset;
    if (text) {
        CATALOG_TRY(asset, decode_asset(key, *text));
    }
    if (!host_ && asset && !asset->local) return false;
    if (host_ && !(asset && asset->local)) {
        // A crash may have come between the host's answer and its record: asking again by the key
        // gives the identity that is to go.
        if (!asset) {
            asset.emplace();
            CATALOG_TRY(asset->record, register_->register_asset(pending->spec, context));
        }
        const Result<void> removed = register_->remove_asset(key, asset->record, context);
        if (!removed && removed.error().code() != Errc::kNotFound) return fail(removed.error());
    }
    CATALOG_TRY_VOID(commit_outcome(key, mark, nullptr));
    return true;
}

/// Stores what the register answered. A mark that is another one by now stays: what it wants is
/// done next.
Result<void> AssetBook::commit_outcome(const std::string& key, const std::string& mark,
                                       const std::string* record) const {
    kv::Commit commit;
    if (record != nullptr)
        commit.batch.put(place_.family, asset_record_key(key), *record);
    else
        commit.batch.remove(place_.family, asset_record_key(key));
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
        CATALOG_TRY(const auto now, view.get(place_.family, asset_mark_key(key)));
        if (now && *now == mark) batch.remove(place_.family, asset_mark_key(key));
        return {};
    };
    return place_.queue->submit(std::move(commit));
}

Result<std::uint64_t> AssetBook::complete(const CallContext& context) {
    std::vector<package::PackageDigest> missing;
    const auto look_at = [&](const index::IndexEntry& entry) -> Result<void> {
        CATALOG_TRY_VOID(context.check(*place_.clock));
        if (entry.origin == index::Origin::kImported) return {};
        const std::string key = package_asset_key(entry.id);
        CATALOG_TRY(const auto record, place_.store->get(place_.family, asset_record_key(key)));
        CATALOG_TRY(const auto mark, place_.store->get(place_.family, asset_mark_key(key)));
        if (mark) return {};
        if (record) {
            const Result<RegisteredAsset> there = decode_asset(key, *record);
            if (there && (!host_ || !there->local)) return {};
        }
        missing.push_back(entry.digest);
        return {};
    };
    CATALOG_TRY_VOID(index_.for_each(look_at));
    std::uint64_t count = 0;
    for (std::size_t done = 0; done < missing.size();) {
        CATALOG_TRY_VOID(context.check(*place_.clock));
        std::vector<Wanted> wanted;
        for (; done < missing.size() && wanted.size() < kPackagesPerCommit; ++done) {
            const Result<package::Manifest> manifest = index_.manifest(missing[done]);
            if (!manifest) continue;  // verify tells of it
            CATALOG_TRY(Wanted one, want(spec_of(*manifest, missing[done])));
            wanted.push_back(std::move(one));
        }
        count += wanted.size();
        kv::Commit commit;
        commit.prepare = step_for(std::move(wanted), {});
        CATALOG_TRY_VOID(place_.queue->submit(std::move(commit)));
    }
    return count;
}

}  // namespace catalog::library
