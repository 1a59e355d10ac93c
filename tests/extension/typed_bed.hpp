#pragma once
// What the tests of the typed calls share: packages to look at, and an instance that runs.

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/abi/extension.h"
#include "catalog/abi/library.h"
#include "catalog/lifecycle/package_builder.hpp"
#include "instance.hpp"
#include "support/io/results.hpp"
#include "support/io/temporary_folder.hpp"
#include "support/package/random_package.hpp"

namespace catalog::extension::testing {

/// A draft with a member of each kind, the same for the same number.
inline lifecycle::PackageDraft rich_draft(std::uint64_t number) {
    package::testing::RandomEngine random(number);
    package::PackageMetadata metadata = package::testing::random_metadata(random);
    // These name files, which the draft does not have.
    metadata.entry.clear();
    metadata.binaries.clear();
    metadata.templates.clear();
    metadata.resources.clear();
    metadata.name = io::testing::must(PackageName::parse("rich/p" + std::to_string(number)));
    lifecycle::PackageBuilder builder(std::move(metadata));
    builder.file("data", "content of " + std::to_string(number));
    return io::testing::must(builder.build());
}

inline std::string text(hmx_str from) { return std::string(view(from)); }

inline std::vector<std::string> texts(hmx_list list) {
    std::vector<std::string> all;
    for (std::uint32_t i = 0; i < list.count; ++i)
        all.push_back(text(*reinterpret_cast<const hmx_str*>(
            static_cast<const std::byte*>(list.items) + std::size_t{i} * list.stride)));
    return all;
}

inline std::string hex(const cat_hash& hash) {
    return to_hex(std::as_bytes(std::span(hash.bytes)));
}

/// Compares every member with what the library says by other ways.
inline void expect_shows(const cat_package& shown, const index::IndexEntry& entry,
                         const package::Manifest& manifest) {
    const package::PackageMetadata& metadata = manifest.metadata;
    EXPECT_EQ(shown.state, static_cast<std::uint32_t>(entry.state));
    EXPECT_EQ(shown.type, static_cast<std::uint32_t>(metadata.type));
    EXPECT_EQ((shown.flags & CAT_PACKAGE_YANKED) != 0, entry.yanked);
    EXPECT_EQ((shown.flags & CAT_PACKAGE_METADATA_ONLY) != 0,
              entry.origin == index::Origin::kImported);
    EXPECT_EQ(text(shown.id), entry.id.to_string());
    EXPECT_EQ(text(shown.name), metadata.name.str());
    EXPECT_EQ(text(shown.version), metadata.version.to_string());
    EXPECT_EQ(text(shown.description), metadata.description);
    EXPECT_EQ(text(shown.license), metadata.license);
    EXPECT_EQ(text(shown.metadata_json), io::testing::must(manifest.encode()));
    EXPECT_EQ(shown.version_major, metadata.version.major());
    EXPECT_EQ(shown.version_minor, metadata.version.minor());
    EXPECT_EQ(shown.version_patch, metadata.version.patch());
    EXPECT_EQ(shown.file_count, manifest.file_count);
    EXPECT_EQ(shown.size_bytes, manifest.file_bytes);
    EXPECT_EQ(shown.log_index, entry.log_index);
    EXPECT_EQ(shown.published_us, entry.published.time_since_epoch().count());
    EXPECT_EQ("sha256:" + hex(shown.digest), entry.digest.to_string());
    EXPECT_EQ("sha256:" + hex(shown.files_root), manifest.files_root.to_string());
    EXPECT_EQ(texts(shown.authors), metadata.authors);
    EXPECT_EQ(texts(shown.keywords), metadata.keywords);
    ASSERT_EQ(shown.dependencies.count, metadata.dependencies.size());
    for (std::uint32_t i = 0; i < shown.dependencies.count; ++i) {
        const auto& dependency = *reinterpret_cast<const cat_dependency*>(
            static_cast<const std::byte*>(shown.dependencies.items) +
            std::size_t{i} * shown.dependencies.stride);
        const package::Dependency& expected = metadata.dependencies[i];
        EXPECT_EQ(dependency.struct_size, sizeof(cat_dependency));
        EXPECT_EQ(dependency.kind, static_cast<std::uint32_t>(expected.kind));
        EXPECT_EQ(text(dependency.name), expected.target.name.str());
        EXPECT_EQ(text(dependency.requirement), expected.target.constraint.to_string());
        EXPECT_EQ(text(dependency.platform), expected.platform.to_string());
        EXPECT_EQ(texts(dependency.features), expected.features);
    }
}

/// Waits for control operations.
class ControlWait {
public:
    [[nodiscard]] hmx_completion completion() noexcept {
        return {[](void* user, hmx_op, hmx_status status, const void*, const hmx_error*) {
                    auto& self = *static_cast<ControlWait*>(user);
                    const std::scoped_lock lock(self.mutex_);
                    self.status_ = status;
                    self.done_ = true;
                    self.wake_.notify_one();
                },
                nullptr, this};
    }
    [[nodiscard]] hmx_status wait() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return done_; });
        done_ = false;
        return status_;
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    hmx_status status_ = HMX_E_UNKNOWN;
};

/// A running instance with a library of its own, and its typed table.
class TypedBed {
public:
    TypedBed() {
        const std::string data = folder_ / "data";
        hmx_config config{};
        config.struct_size = sizeof config;
        config.data_dir = {data.data(), data.size()};
        config.granted_caps = ~std::uint64_t{0};
        config.limits.struct_size = sizeof config.limits;
        EXPECT_EQ(extension_api().create(nullptr, &config, &instance_, nullptr), HMX_OK);
        const hmx_completion completion = wait_.completion();
        hmx_op op = 0;
        EXPECT_EQ(extension_api().start(instance_, nullptr, &completion, &op), HMX_OK);
        EXPECT_EQ(wait_.wait(), HMX_OK);
        const hmx_iface* table = nullptr;
        const std::string_view id = CAT_LIBRARY_INTERFACE;
        EXPECT_EQ(extension_api().get_interface(instance_, {id.data(), id.size()},
                                                CAT_LIBRARY_VERSION, &table),
                  HMX_OK);
        api_ = reinterpret_cast<const cat_library_api*>(table);
    }
    ~TypedBed() {
        if (instance_ == nullptr) return;
        shut_down();
        EXPECT_EQ(extension_api().destroy(instance_, nullptr), HMX_OK);
    }
    TypedBed(const TypedBed&) = delete;
    TypedBed& operator=(const TypedBed&) = delete;

    void shut_down() {
        if (stopped_) return;
        stopped_ = true;
        const hmx_completion completion = wait_.completion();
        hmx_op op = 0;
        EXPECT_EQ(extension_api().shutdown(instance_, 0, &completion, &op), HMX_OK);
        EXPECT_EQ(wait_.wait(), HMX_OK);
    }

    [[nodiscard]] const cat_library_api* operator->() const noexcept { return api_; }
    [[nodiscard]] hmx_instance* instance() const noexcept { return instance_; }
    [[nodiscard]] library::AssetLibrary& library() const { return from_abi(instance_)->library(); }
    [[nodiscard]] std::uint64_t outstanding() const {
        return from_abi(instance_)->outstanding().count();
    }
    /// Returns the folder in which the library is.
    [[nodiscard]] std::string library_path() const { return folder_ / "data/library"; }

private:
    io::testing::TemporaryFolder folder_;
    hmx_instance* instance_ = nullptr;
    const cat_library_api* api_ = nullptr;
    ControlWait wait_;
    bool stopped_ = false;
};

[[nodiscard]] inline hmx_str str(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// An hmx_error to be filled.
[[nodiscard]] inline hmx_error fresh_error() noexcept {
    hmx_error error{};
    error.struct_size = sizeof error;
    return error;
}
[[nodiscard]] inline cat_package fresh_package() noexcept {
    cat_package package{};
    package.struct_size = sizeof package;
    return package;
}

}  // namespace catalog::extension::testing
