// publish, import_npm, import_metadata, change_state: what goes into the library.

#include <memory>

#include "catalog/core/bytes.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/library/answers.hpp"
#include "catalog/library/constraint_remarks.hpp"
#include "catalog/library/publish_batch.hpp"
#include "catalog/lifecycle/package_builder.hpp"
#include "requests/handlers.hpp"

namespace catalog::extension {

namespace {

/// Most bytes of files in one request; JSON is no way to move content.
constexpr std::uint64_t kInlineBytesMax = 64u << 10;

/// One element of `files`: what describes its members is a method's parameters in small.
constexpr Parameter kFileMembers[] = {
    {.name = "path", .required = true, .least = 1, .help = "path in the package"},
    {.name = "text", .most = kInlineBytesMax, .help = "its content"},
    {.name = "base64", .most = 2 * kInlineBytesMax, .help = "its content"},
    {.name = "executable", .kind = ParameterKind::kFlag},
};

/// Adds one file and returns its size.
Result<std::uint64_t> add_inline_file(lifecycle::PackageBuilder& builder,
                                      const json::Object& members, std::size_t index) {
    const std::string where = "params.files[" + std::to_string(index) + "]";
    CATALOG_TRY(const Arguments file, Arguments::read(kFileMembers, members, where));
    if (file.has("text") == file.has("base64"))
        return fail(Error(Errc::kInvalidArgument, "needs either text or base64").with_input(where));
    Bytes bytes;
    if (file.has("text")) {
        bytes = to_bytes(as_bytes(file.text("text")));
    } else {
        const Result<Bytes> decoded = from_base64(file.text("base64"));
        if (!decoded) return fail(decoded.error().with_input(where + ".base64"));
        bytes = *decoded;
    }
    const std::uint64_t size = bytes.size();
    builder.file(file.text("path"), std::move(bytes), file.flag("executable"));
    return size;
}

Result<lifecycle::PackageDraft> draft_from_members(const RequestCall& call) {
    CATALOG_TRY(package::PackageMetadata metadata,
                package::metadata_from_json(*call.arguments.object("metadata"), "metadata"));
    lifecycle::PackageBuilder builder(std::move(metadata));
    const std::vector<const json::Object*> files = call.arguments.objects("files");
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        CATALOG_TRY(const std::uint64_t size, add_inline_file(builder, *files[i], i));
        total += size;
        if (total > kInlineBytesMax)
            return fail(Error(Errc::kLimitExceeded,
                              "the files of a request are together at most " +
                                  std::to_string(kInlineBytesMax) + " bytes",
                              LimitDetail{"inline_bytes_max", kInlineBytesMax, total})
                            .with_input("params.files")
                            .with_hint("publish a folder with \"path\""));
    }
    return builder.build();
}

Result<lifecycle::PackageDraft> read_draft(const RequestCall& call) {
    const bool from_folder = call.arguments.has("path");
    if (from_folder && (call.arguments.has("metadata") || call.arguments.has("files")))
        return fail(Error(Errc::kInvalidArgument, "goes without metadata and files")
                        .with_input("params.path"));
    if (from_folder)
        return lifecycle::draft_from_directory(call.library.environment().file_system,
                                               call.arguments.path("path"));
    if (call.arguments.has("metadata")) return draft_from_members(call);
    return fail(Error(Errc::kInvalidArgument, "nothing to publish is named")
                    .with_input("params")
                    .with_hint("give path, or metadata and files"));
}

}  // namespace

Result<json::Object> answer_publish(const RequestCall& call) {
    CATALOG_TRY(lifecycle::PackageDraft draft, read_draft(call));
    if (call.arguments.has("path"))
        library::add_constraint_remarks(call.library, call.arguments.path("path"), draft,
                                        call.context);
    const Clock& clock = *call.library.environment().clock;
    CATALOG_TRY(const lifecycle::PublishReceipt receipt,
                call.dry_run ? lifecycle::hash_draft(draft, clock, Limits{}, call.context)
                             : call.library.publish(draft, call.context));
    json::Object answer = library::to_json(receipt, draft.warnings);
    answer.emplace("package_id", receipt.id.to_string());
    answer.emplace("version", receipt.id.version());
    answer.emplace("distribution_hash", receipt.digest.to_string());
    if (call.dry_run) return answer;
    // It was signed a moment ago: what cannot be read now is told by verify_package.
    if (Result<std::string> envelope = call.library.envelope(receipt.digest, call.context))
        answer.emplace("signature", *std::move(envelope));
    return answer;
}

Result<json::Object> answer_import_npm(const RequestCall& call) {
    json::Array packages;
    json::Array failed;
    library::BatchOptions options;
    options.keep_going = call.arguments.flag("keep_going");
    options.dry_run = call.dry_run;
    options.published = [&](const lifecycle::PackageDraft& draft,
                            const lifecycle::PublishReceipt& receipt) {
        packages.emplace_back(library::to_json(receipt, draft.warnings));
        call.context.report({"import_npm", "packages", "packages", packages.size(), 0});
    };
    options.failed = [&](const Error& error) { failed.emplace_back(library::to_json(error)); };
    CATALOG_TRY(
        const library::BatchCounts counts,
        library::publish_npm(call.library, call.arguments.texts("paths"), options, call.context));
    return json::Object{{"packages", std::move(packages)},
                        {"failed", std::move(failed)},
                        {"published", counts.published},
                        {"already_there", counts.already_there},
                        {"bytes", counts.bytes}};
}

Result<json::Object> answer_import_metadata(const RequestCall& call) {
    const bool strict = call.arguments.flag("strict");
    if (call.arguments.has("path") == call.arguments.has("text"))
        return fail(
            Error(Errc::kInvalidArgument, "needs either path or text").with_input("params"));
    if (call.arguments.has("text")) {
        const std::string text = call.arguments.text("text");
        CATALOG_TRY(
            const lifecycle::ImportReport report,
            call.library.import_metadata(content::source_of(as_bytes(text)), strict, call.context));
        return library::to_json(report);
    }
    const std::string path = call.arguments.path("path");
    CATALOG_TRY(const std::shared_ptr<io::ReadableFile> file,
                call.library.environment().file_system->open_read(path));
    const auto source = [&file, &path, offset = std::uint64_t{0}](
                            std::span<std::byte> out) mutable -> Result<std::size_t> {
        const Result<std::size_t> got = file->read_at(offset, out);
        if (!got) return fail(got.error().with_input(path));
        offset += *got;
        return *got;
    };
    CATALOG_TRY(const lifecycle::ImportReport report,
                call.library.import_metadata(source, strict, call.context));
    return library::to_json(report);
}

Result<json::Object> answer_change_state(const RequestCall& call) {
    const std::string event = call.arguments.text("event");
    CATALOG_TRY(const PackageId id, PackageId::parse(call.arguments.text("id")));
    if (has_word("yank deprecate archive", event) && !call.arguments.has("reason"))
        return fail(Error(Errc::kInvalidArgument, "is missing: the log says why a version was " +
                                                      event + (event.back() == 'e' ? "d" : "ed"))
                        .with_input("params.reason"));
    CATALOG_TRY_VOID(
        call.library.change_state(id, event, call.arguments.text("reason"), call.context));
    CATALOG_TRY(const index::LazyPackage package, call.library.find(id.to_string(), call.context));
    return library::to_json(package.entry());
}

}  // namespace catalog::extension
