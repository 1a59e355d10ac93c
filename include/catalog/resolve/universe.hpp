#pragma once
// Universe: what a resolver needs of many packages, frozen into bytes that are used where they lie.
// Format page: docs/formats/universe.md.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "catalog/resolve/provider.hpp"
#include "catalog/resolve/record_text.hpp"

namespace catalog::resolve {

class UniverseChanges;

/// Packages in frozen form: names and versions as numbers, every requirement with the set of
/// versions that meet it. Position-independent, so that a file or a section of one can be mapped
/// and used without being read.
///
/// Immutable, cheap to copy. Thread safety: const access from any thread. Every access is checked
/// against the bounds of the bytes: damaged bytes that `verify` would have found lead to wrong
/// answers or kUniverseInvalid, never outside of the bytes.
class FrozenUniverse {
public:
    /// Uses `bytes`, which stay valid as long as `owner` lives, and are aligned to 8. Looks only at
    /// the header. Errors: kUniverseInvalid (another file, another version of the format, cut off,
    /// damaged header). Cost: constant.
    [[nodiscard]] static Result<FrozenUniverse> open(ByteView bytes,
                                                     std::shared_ptr<const void> owner);

    /// Reads everything and compares its checksum with the header's. What a builder wrote is whole
    /// then; that a foreign writer kept names and versions in order is not looked at. Errors:
    /// kUniverseInvalid. Cost: linear.
    [[nodiscard]] Result<void> verify() const;

    [[nodiscard]] std::uint64_t name_count() const noexcept;  ///< Names without versions included.
    [[nodiscard]] std::uint64_t version_count() const noexcept;
    [[nodiscard]] std::uint64_t bytes() const noexcept;
    /// Returns the checksum of the content: equal packages, added in any order, have equal ones.
    [[nodiscard]] std::uint64_t identity() const noexcept;

    /// For the module's own use.
    struct View;
    [[nodiscard]] const View& view() const noexcept { return *view_; }
    explicit FrozenUniverse(std::shared_ptr<const View> view) : view_(std::move(view)) {}

private:
    std::shared_ptr<const View> view_;
};

/// Puts packages into frozen form.
///
/// Thread safety: one object from one thread at a time. Memory: about 25 bytes a version and 8 a
/// dependency, and each distinct name, range and alternative once; `finish` needs as much as it
/// returns beside what it returns. After an error of `add` or `add_unchanged` the object is of no
/// further use.
class UniverseBuilder {
public:
    UniverseBuilder();
    ~UniverseBuilder();
    UniverseBuilder(UniverseBuilder&&) noexcept;
    UniverseBuilder& operator=(UniverseBuilder&&) noexcept;

    /// Adds a version. Errors: kAlreadyExists (reported by `finish` at the latest), kLimitExceeded.
    [[nodiscard]] Result<void> add(std::string_view name, const Candidate& candidate,
                                   const PackageRecord& record);
    /// Adds a version of the registry from texts. Errors: as above, kVersionSyntax,
    /// kRequirementSyntax, kInvalidArgument (platform).
    [[nodiscard]] Result<void> add(bool yanked, const RecordText& record);
    /// Adds every version of these names. Errors: the provider's, and as above.
    [[nodiscard]] Result<void> add_all(DependencyProvider& provider,
                                       std::span<const std::string> names);
    /// Adds every version of a universe whose name did not change. Together with the versions that
    /// changed names have now this gives what everything would, for a fraction of the time. Errors:
    /// kUniverseInvalid, kLimitExceeded.
    [[nodiscard]] Result<void> add_unchanged(const UniverseChanges& changes);
    /// Returns the bytes, the same for equal packages in any order, behind `front` zero bytes (a
    /// multiple of 8), and leaves the builder empty. `proceed` is called now and then, and what it
    /// returns as error ends the work. Errors: kAlreadyExists, kLimitExceeded, `proceed`'s. Cost:
    /// n log n.
    [[nodiscard]] Result<Bytes> finish(std::size_t front = 0,
                                       const std::function<Result<void>()>& proceed = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A universe as a provider. SatResolver sees that there is a universe behind it and uses that.
class UniverseProvider final : public DependencyProvider {
public:
    explicit UniverseProvider(FrozenUniverse universe) : universe_(std::move(universe)) {}

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override;
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override;
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override;
    [[nodiscard]] const FrozenUniverse* universe() const noexcept override { return &universe_; }

private:
    FrozenUniverse universe_;
};

}  // namespace catalog::resolve
