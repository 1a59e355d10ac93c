#pragma once
// Registry: a neutral package list (JSON Lines) held compactly, as a provider for benchmarks.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/json/value.hpp"
#include "catalog/resolve/provider.hpp"

namespace catalog::bench {

/// One query: which packages to resolve together.
struct Query {
    std::string id;
    std::vector<resolve::Target> roots;
};

/// Names and ranges are stored once each; a record is put together when it is asked for.
class Registry final : public resolve::DependencyProvider {
public:
    [[nodiscard]] static Result<Registry> load(const std::string& path);

    [[nodiscard]] Result<std::vector<resolve::Candidate>> versions(std::string_view name) override;
    [[nodiscard]] Result<resolve::PackageRecord> record(
        std::string_view name, const resolve::Candidate& candidate) override;
    [[nodiscard]] Result<std::vector<resolve::VirtualProvider>> providers(
        std::string_view name) override;

    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] std::uint64_t version_count() const noexcept { return version_count_; }
    [[nodiscard]] std::uint64_t dependency_count() const noexcept { return dependency_count_; }

private:
    struct Need {
        std::uint32_t name;
        std::uint32_t range;
    };
    struct Version {
        version::SemVer version;
        std::uint64_t needs_first;
        std::uint32_t needs_count;
        std::uint32_t record;  ///< Into records_, or kPlain.
    };
    static constexpr std::uint32_t kPlain = 0xffff'ffff;

    [[nodiscard]] Result<resolve::Target> target(const json::Object& from);
    [[nodiscard]] Result<bool> read_more(const json::Object& line, resolve::PackageRecord& record);

    [[nodiscard]] std::uint32_t name_id(std::string_view name);
    [[nodiscard]] Result<std::uint32_t> range_id(const std::string& text);

    std::unordered_map<std::string, std::uint32_t> name_ids_;
    std::vector<std::string> names_;
    std::vector<std::vector<Version>> versions_;
    std::unordered_map<std::string, std::uint32_t> range_ids_;
    std::vector<version::VersionConstraint> ranges_;
    std::vector<Need> needs_;
    std::vector<resolve::PackageRecord> records_;
    std::unordered_map<std::string, std::vector<resolve::VirtualProvider>> providers_;
    std::uint64_t version_count_ = 0;
    std::uint64_t dependency_count_ = 0;
};

[[nodiscard]] Result<std::vector<Query>> load_queries(const std::string& path);

}  // namespace catalog::bench
