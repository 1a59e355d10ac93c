#include "package_list.hpp"

#include "catalog/index/index_provider.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/lines.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::cli {

namespace {

constexpr std::size_t kRefusedMax = 100;
constexpr std::uint64_t kReportEvery = 4096;

Result<void> add_line(resolve::MemoryProvider& provider, const json::LineReader::Line& line) {
    if (!line.value) return fail(line.value.error());
    const json::Object* object = line.value->as_object();
    if (object == nullptr) return fail(Errc::kPackageListInvalid, "a package must be an object");
    CATALOG_TRY(const package::PackageMetadata metadata,
                package::metadata_from_json(*object, "package"));
    CATALOG_TRY(const bool yanked, package::yanked_in(*object, "package"));
    return provider.add(metadata.name.str(), {metadata.version, yanked, ""},
                        index::record_of(metadata));
}

}  // namespace

Result<PackageList> read_package_list(const content::ByteSource& source, const std::string& name,
                                      bool keep_going, const Clock& clock,
                                      const CallContext& context) {
    PackageList list;
    list.provider = std::make_unique<resolve::MemoryProvider>();
    json::ReadLimits limits;
    limits.bytes_max = Limits{}.json_line_bytes_max;
    json::LineReader reader(
        [&source](std::span<char> out) { return source(std::as_writable_bytes(out)); }, limits);
    for (std::uint64_t lines = 0;; ++lines) {
        CATALOG_TRY(const std::optional<json::LineReader::Line> line, reader.next());
        if (!line) return list;
        if (lines % kReportEvery == 0) {
            CATALOG_TRY_VOID(context.check(clock));
            context.report({"solve", "read", "packages", lines, 0});
        }
        if (const Result<void> added = add_line(*list.provider, *line); !added) {
            const Error named = added.error().with_input(name + ":" + std::to_string(line->number));
            if (!keep_going) return fail(named);
            if (list.refused.size() < kRefusedMax) list.refused.push_back(named);
        }
    }
}

}  // namespace catalog::cli
