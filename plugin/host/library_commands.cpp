// Commands about packages: the typed interface of catalog/abi/library.h.

#include <fstream>
#include <ostream>
#include <utility>

#include "catalog/abi/library.h"
#include "session.hpp"

namespace catalog::host {

namespace {

constexpr std::uint32_t kListLimit = 10'000;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

/// One typed call: the table, the instance, and what every function takes.
struct TypedCall {
    const cat_library_api& api;
    hmx_instance* instance;
    Extension& extension;
    Shaped<hmx_call> call;
    Shaped<hmx_error> error;

    [[nodiscard]] CallStatus read(hmx_status status) {
        return read_status(status, &error.result(extension.violations()), extension.violations());
    }
    [[nodiscard]] std::string text(hmx_str value) const {
        return std::string(from_abi(value, extension.violations()));
    }
};

/// Runs `body` with the library's table. Functions that a smaller table lacks are not called.
CallStatus with_library(Extension& extension, const std::function<CallStatus(TypedCall&)>& body) {
    return extension.with_interface(
        CAT_LIBRARY_INTERFACE, CAT_LIBRARY_VERSION,
        [&](const hmx_iface& iface, hmx_instance* instance) -> CallStatus {
            if (iface.struct_size < sizeof(cat_library_api))
                return {HMX_E_UNSUPPORTED, "the library's table is smaller than version 0", 0, 0,
                        0};
            const std::string request_id = "typed";
            const Shapes& shapes = extension.host().options.shapes;
            TypedCall typed{reinterpret_cast<const cat_library_api&>(iface), instance, extension,
                            Shaped<hmx_call>(extension.make_call(request_id), shapes, "call"),
                            Shaped<hmx_error>(hmx_error{}, shapes, "error")};
            return body(typed);
        });
}

json::Array texts_of(const hmx_list& list, const TypedCall& typed) {
    json::Array out;
    for (std::uint32_t i = 0; i < list.count && list.stride >= sizeof(hmx_str); ++i)
        out.emplace_back(typed.text(*reinterpret_cast<const hmx_str*>(
            static_cast<const std::byte*>(list.items) + std::size_t{list.stride} * i)));
    return out;
}

json::Array dependencies_of(const hmx_list& list, const TypedCall& typed) {
    json::Array out;
    for (std::uint32_t i = 0; i < list.count && list.stride >= sizeof(cat_dependency); ++i) {
        const auto& each = *reinterpret_cast<const cat_dependency*>(
            static_cast<const std::byte*>(list.items) + std::size_t{list.stride} * i);
        out.emplace_back(json::Object{{"name", typed.text(each.name)},
                                      {"req", typed.text(each.requirement)},
                                      {"kind", each.kind}});
    }
    return out;
}

std::string hash_text(const cat_hash& hash) {
    return "sha256:" + to_hex(std::as_bytes(std::span(hash.bytes)));
}

json::Object package_json(const cat_package& package, const TypedCall& typed) {
    json::Object out{
        {"id", typed.text(package.id)},
        {"name", typed.text(package.name)},
        {"version", typed.text(package.version)},
        {"description", typed.text(package.description)},
        {"license", typed.text(package.license)},
        {"state", package.state},
        {"type", package.type},
        {"yanked", (package.flags & CAT_PACKAGE_YANKED) != 0},
        {"files", package.file_count},
        {"bytes", package.size_bytes},
        {"log_index", package.log_index},
        {"published_us", package.published_us},
        {"digest", hash_text(package.digest)},
        {"files_root", hash_text(package.files_root)},
        {"keywords", texts_of(package.keywords, typed)},
        {"dependencies", dependencies_of(package.dependencies, typed)},
    };
    return out;
}

Answer get(Session& session, WordReader& words) {
    const Result<std::optional<std::string>> id = words.next();
    if (!id || !*id) return to_answer(Error(Errc::kFailedPrecondition, "ID is missing"));
    const std::string requirement(words.rest());
    const Result<Extension*> extension = session.current();
    if (!extension) return to_answer(extension.error());
    json::Object value;
    const CallStatus status = with_library(**extension, [&](TypedCall& typed) {
        Shaped<cat_package> package(cat_package{}, (*extension)->host().options.shapes, "package");
        const CallStatus got = typed.read(typed.api.get_package(typed.instance, typed.call.get(),
                                                                to_abi(**id), to_abi(requirement),
                                                                package.get(), typed.error.get()));
        const cat_package& result = package.result((*extension)->violations());
        if (!got.ok()) return got;
        value = package_json(result, typed);
        if (result.owner != nullptr && result.release != nullptr) result.release(result.owner);
        return got;
    });
    return to_answer(status, std::move(value));
}

/// Collects what a walk gives; runs inside the extension's call.
struct PackageWalk {
    TypedCall* typed = nullptr;
    json::Array packages;
    std::string text;
};

hmx_status take_package(void* user, const cat_package* package, double score) noexcept {
    auto& walk = *static_cast<PackageWalk*>(user);
    try {
        if (package->struct_size < offsetof(cat_package, owner)) {
            walk.typed->extension.violations().add("R2", "a package is smaller than version 0");
            return HMX_E_INTERNAL;
        }
        json::Object entry = package_json(*package, *walk.typed);
        if (score != 0) entry.emplace("score", score);
        walk.text += (walk.text.empty() ? "" : "\n") + walk.typed->text(package->id) + "  " +
                     walk.typed->text(package->description);
        walk.packages.emplace_back(std::move(entry));
        return HMX_OK;
    } catch (...) {
        return HMX_E_OUT_OF_MEMORY;
    }
}

Answer walk_answer(const CallStatus& status, PackageWalk walk) {
    if (!status.ok()) return to_answer(status);
    return {{},
            HMX_OK,
            json::Object{{"packages", std::move(walk.packages)}},
            walk.text.empty() ? "no package" : std::move(walk.text)};
}

cat_filter filter_for(std::string_view prefix, bool all_versions) {
    cat_filter filter{};
    filter.struct_size = sizeof filter;
    filter.type = CAT_TYPE_ANY;
    filter.all_versions = all_versions ? 1 : 0;
    filter.name_prefix = to_abi(prefix);
    return filter;
}

Answer list(Session& session, WordReader& words) {
    std::string prefix;
    bool all = false;
    for (;;) {
        const Result<std::optional<std::string>> read = words.next();
        if (!read) return to_answer(read.error());
        const std::optional<std::string>& word = *read;
        if (!word) break;
        if (*word == "loaded") return session.list_loaded();
        if (*word == "--all")
            all = true;
        else
            prefix = *word;
    }
    const Result<Extension*> extension = session.current();
    if (!extension) return to_answer(extension.error());
    PackageWalk walk;
    std::string cursor;
    CallStatus status;
    do {
        status = with_library(**extension, [&](TypedCall& typed) {
            walk.typed = &typed;
            const cat_filter filter = filter_for(prefix, all);
            Shaped<cat_page> page(cat_page{}, (*extension)->host().options.shapes, "page");
            const CallStatus got = typed.read(typed.api.list_packages(
                typed.instance, typed.call.get(), &filter, kListLimit, to_abi(cursor), take_package,
                &walk, page.get(), typed.error.get()));
            const cat_page& result = page.result((*extension)->violations());
            cursor = got.ok() ? typed.text(result.cursor) : std::string();
            if (result.owner != nullptr && result.release != nullptr) result.release(result.owner);
            return got;
        });
    } while (status.ok() && !cursor.empty());
    return walk_answer(status, std::move(walk));
}

Answer search(Session& session, WordReader& words) {
    const std::string wanted(words.rest());
    const Result<Extension*> extension = session.current();
    if (!extension) return to_answer(extension.error());
    PackageWalk walk;
    const CallStatus status = with_library(**extension, [&](TypedCall& typed) {
        walk.typed = &typed;
        const cat_filter filter = filter_for({}, false);
        return typed.read(typed.api.search_packages(typed.instance, typed.call.get(),
                                                    to_abi(wanted), &filter, 100, take_package,
                                                    &walk, typed.error.get()));
    });
    return walk_answer(status, std::move(walk));
}

/// Copies an open file to `out`, through views or through reads.
CallStatus copy_content(TypedCall& typed, hmx_handle content, bool by_reading, std::ostream& out,
                        std::uint64_t& bytes) {
    std::vector<std::uint8_t> buffer(by_reading ? kReadBytes : 0);
    for (;;) {
        std::size_t got = 0;
        hmx_buf view{};
        const hmx_status status =
            by_reading
                ? typed.api.read_at(typed.instance, content, bytes, buffer.data(), buffer.size(),
                                    &got, typed.error.get())
                : typed.api.map_at(typed.instance, content, bytes, 0, &view, typed.error.get());
        if (status == HMX_E_END) return {};
        if (status != HMX_OK) return typed.read(status);
        if (!by_reading) got = view.size;
        const std::uint8_t* data = by_reading ? buffer.data() : view.data;
        if (got == 0 || data == nullptr || got > std::size_t{1} << 40) {
            typed.extension.violations().add("R5", "content was given that is not there");
            return {HMX_E_INTERNAL, "no bytes were given", 0, 0, 0};
        }
        out.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(got));
        if (view.owner != nullptr && view.release != nullptr) view.release(view.owner);
        if (!out) return {HMX_E_IO, "the output cannot be written", 0, 0, 0};
        bytes += got;
    }
}

/// `given`: ID, PATH, OUT and perhaps "read". A file is made when there is something to write.
CallStatus copy_to(Session& session, TypedCall& typed, hmx_handle content,
                   const std::vector<std::string>& given, std::uint64_t& bytes) {
    const bool by_reading = given.size() == 4;
    if (given[2] == "-")
        return copy_content(typed, content, by_reading, session.out_stream(), bytes);
    std::ofstream file(given[2], std::ios::binary | std::ios::trunc);
    if (!file) return {HMX_E_IO, given[2] + " cannot be written", 0, 0, 0};
    CallStatus status = copy_content(typed, content, by_reading, file, bytes);
    file.close();
    if (status.ok() && !file) status = {HMX_E_IO, given[2] + " cannot be written", 0, 0, 0};
    return status;
}

Answer cat(Session& session, WordReader& words) {
    std::vector<std::string> given;
    for (;;) {
        Result<std::optional<std::string>> read = words.next();
        if (!read) return to_answer(read.error());
        std::optional<std::string>& word = *read;
        if (!word) break;
        given.push_back(*std::move(word));
    }
    if (given.size() < 3 || given.size() > 4 || (given.size() == 4 && given[3] != "read"))
        return to_answer(
            Error(Errc::kFailedPrecondition, "ID, PATH and OUT are wanted").with_hint("help cat"));
    const Result<Extension*> extension = session.current();
    if (!extension) return to_answer(extension.error());
    std::uint64_t bytes = 0;
    json::Object value;
    const CallStatus status = with_library(**extension, [&](TypedCall& typed) {
        hmx_handle content = 0;
        CallStatus done =
            typed.read(typed.api.open_content(typed.instance, typed.call.get(), to_abi(given[0]),
                                              to_abi(given[1]), &content, typed.error.get()));
        if (!done.ok()) return done;
        Shaped<cat_content_info> info(cat_content_info{}, (*extension)->host().options.shapes,
                                      "content");
        done = typed.read(typed.api.content_info(typed.instance, content, info.get()));
        const cat_content_info& result = info.result((*extension)->violations());
        value = {{"mode", result.mode}, {"tree", hash_text(result.tree)}};
        if (done.ok()) done = copy_to(session, typed, content, given, bytes);
        const CallStatus closed = read_status(typed.api.close_content(typed.instance, content),
                                              nullptr, (*extension)->violations());
        if (done.ok() && bytes != result.size_bytes)
            return CallStatus{HMX_E_CORRUPT, "the file has another size than it says", 0, 0, 0};
        return done.ok() ? closed : done;
    });
    value.emplace("bytes", bytes);
    return {status.ok() ? std::optional<Error>() : std::optional<Error>(status.to_error()),
            status.status, std::move(value), std::to_string(bytes) + " bytes"};
}

}  // namespace

std::vector<Command> library_commands() {
    return {
        {"get", "ID [REQUIREMENT]", "one package, by the typed interface", get},
        {"list", "[PREFIX] [--all] | loaded", "packages (--all: every version), or extensions",
         list},
        {"search", "WORDS", "packages that hold every word, best first", search},
        {"cat", "ID PATH OUT [read]", "copy a file of a package: views, or with read copies", cat},
    };
}

}  // namespace catalog::host
