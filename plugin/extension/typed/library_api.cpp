#include "library_api.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "call.hpp"
#include "catalog/abi/library.h"
#include "catalog/core/bytes.hpp"
#include "instance.hpp"

namespace catalog::extension {

namespace {

/// Longest text of a filter, a search or a path that is looked at, bytes.
constexpr std::size_t kQueryTextBytesMax = 64u << 10;
constexpr std::uint32_t kLimitMax = 10'000;
constexpr std::uint64_t kTypedCapabilities = std::uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT;

/// Tells whether the caller's struct has room for `release`, its last mandatory member.
template <class T>
bool has_room_for_release(const T& out) noexcept {
    return out.struct_size >= offsetof(T, release) + sizeof(out.release);
}

/// Runs `body(TypedCalls&, Instance&)` inside the gate; it returns an Outcome or a status.
template <class Body>
hmx_status typed_call(hmx_instance* instance, hmx_error* error, const Body& body) noexcept {
    Instance* const self = from_abi(instance);
    if (self == nullptr) return report(error, HMX_E_INVALID_ARGUMENT, "the instance is null");
    return guarded(error, [&]() -> hmx_status {
        const Gate::Pass pass = self->gate().enter(kTypedCapabilities);
        if (!pass) return report(error, pass.status(), refusal_text(pass.status()));
        return report(error, body(self->typed(), *self));
    });
}

/// A text of the caller, and what to call it.
struct GivenText {
    hmx_str text;
    const char* what;
};

Outcome check_texts(std::initializer_list<GivenText> texts) {
    for (const GivenText& given : texts) {
        if (!is_readable(given.text))
            return refuse(HMX_E_INVALID_ARGUMENT,
                          std::string(given.what) + " has a size and no bytes");
        if (given.text.size > kQueryTextBytesMax)
            return refuse(HMX_E_TOO_LARGE, std::string(given.what) + " is longer than " +
                                               std::to_string(kQueryTextBytesMax) + " bytes");
    }
    return {};
}

/// Reads what a typed call needs of its circumstances: no copy of a text that it does not use.
Outcome read_context(const hmx_call* call, CallContext& context) {
    if (call == nullptr) return {};
    hmx_call given{};
    if (!read_struct(call, given))
        return refuse(HMX_E_INVALID_ARGUMENT, "hmx_call: no version of it has this struct_size");
    if (given.deadline < 0) return refuse(HMX_E_INVALID_ARGUMENT, "hmx_call: a negative deadline");
    if (given.deadline > 0)
        context.deadline = MonotonicTime(std::chrono::nanoseconds(given.deadline));
    if (!is_readable(given.principal))
        return refuse(HMX_E_INVALID_ARGUMENT, "hmx_call: principal has a size and no bytes");
    if (given.principal.size > kCallTextBytesMax)
        return refuse(HMX_E_TOO_LARGE, "hmx_call: principal is too long");
    if (!is_utf8(view(given.principal)))
        return refuse(HMX_E_INVALID_ARGUMENT, "hmx_call: principal is not UTF-8");
    if (given.principal.size > 0) context.principal.id = view(given.principal);
    return {};
}

/// Reads the circumstances of a call and checks its texts.
Outcome read_inputs(const hmx_call* call, CallContext& context,
                    std::initializer_list<GivenText> texts) {
    if (Outcome fine = check_texts(texts); !fine) return fine;
    return read_context(call, context);
}

Outcome read_filter(const cat_filter* filter, index::Filter& to) {
    cat_filter given{};
    if (!read_struct(filter, given))
        return refuse(HMX_E_INVALID_ARGUMENT, "cat_filter: no version of it has this struct_size");
    if (Outcome fine = check_texts({{given.name_prefix, "cat_filter: name_prefix"},
                                    {given.tag, "cat_filter: tag"},
                                    {given.keyword, "cat_filter: keyword"},
                                    {given.author, "cat_filter: author"},
                                    {given.license, "cat_filter: license"}});
        !fine)
        return fine;
    if (filter != nullptr && given.type != CAT_TYPE_ANY) {
        if (given.type > CAT_TYPE_RESOURCE)
            return refuse(HMX_E_INVALID_ARGUMENT,
                          "cat_filter: there is no package type " + std::to_string(given.type));
        to.type = static_cast<package::PackageType>(given.type);
    }
    to.include_yanked = given.include_yanked != 0;
    to.newest_only = given.all_versions == 0;
    to.name_prefix = view(given.name_prefix);
    to.tag = view(given.tag);
    to.keyword = view(given.keyword);
    to.author = view(given.author);
    to.license = view(given.license);
    return {};
}

/// Gives packages to a callback, one after the other, each borrowed for the call.
class PackageWalk {
public:
    PackageWalk(TypedCalls& typed, const CallContext& context, cat_package_fn each,
                void* user) noexcept
        : typed_(typed), context_(context), each_(each), user_(user) {}

    /// Takes the revision that what is listed next will be at least as new as.
    Outcome begin() {
        const Result<std::uint64_t> revision = typed_.library().revision();
        if (!revision) return refuse(revision.error());
        revision_ = *revision;
        return {};
    }

    Outcome give(const index::IndexEntry& entry, double score) {
        const Result<void> proceed = context_.check(*typed_.library().environment().clock);
        if (!proceed) return refuse(proceed.error());
        const Result<SnapshotLink> snapshot = typed_.packages().get(entry, revision_, context_);
        if (!snapshot) return refuse(snapshot.error());
        const cat_package package = (*snapshot)->borrowed();
        ++given_;
        const hmx_status status = each_(user_, &package, score);
        if (status != HMX_OK) return refuse(status, "the callback ended the walk");
        return {};
    }

    [[nodiscard]] std::uint32_t given() const noexcept { return given_; }

private:
    TypedCalls& typed_;
    const CallContext& context_;
    cat_package_fn each_;
    void* user_;
    std::uint64_t revision_ = 0;
    std::uint32_t given_ = 0;
};

/// Checks what a listing and a search have in common.
Outcome begin_walk(PackageWalk& walk, std::uint32_t limit, cat_package_fn each,
                   const cat_filter* filter, index::Filter& wanted) {
    if (each == nullptr) return refuse(HMX_E_INVALID_ARGUMENT, "there is no callback");
    if (limit == 0 || limit > kLimitMax)
        return refuse(HMX_E_INVALID_ARGUMENT, "the limit is 1 to 10000");
    if (Outcome read = read_filter(filter, wanted); !read) return read;
    return walk.begin();
}

hmx_status get_package(hmx_instance* instance, const hmx_call* call, hmx_str id,
                       hmx_str requirement, cat_package* out, hmx_error* error) noexcept {
    if (out == nullptr || !has_room_for_release(*out))
        return report(error, HMX_E_INVALID_ARGUMENT, "out is null or has no room for a package");
    const hmx_status status =
        typed_call(instance, error, [&](TypedCalls& typed, Instance&) -> Outcome {
            CallContext context;
            if (Outcome read =
                    read_inputs(call, context, {{id, "the id"}, {requirement, "the requirement"}});
                !read)
                return read;
            const Result<SnapshotLink> found =
                typed.packages().get(view(id), view(requirement), context);
            if (!found) return refuse(found.error());
            (*found)->hand_out(out);
            return {};
        });
    // Whoever releases what was refused must not meet what stood there before.
    if (status != HMX_OK) static_cast<void>(write_struct(cat_package{}, out));
    return status;
}

hmx_status list_packages(hmx_instance* instance, const hmx_call* call, const cat_filter* filter,
                         std::uint32_t limit, hmx_str cursor, cat_package_fn each, void* user,
                         cat_page* page, hmx_error* error) noexcept {
    if (page != nullptr) {
        if (!has_room_for_release(*page))
            return report(error, HMX_E_INVALID_ARGUMENT, "page has no room for a cursor");
        static_cast<void>(write_struct(cat_page{}, page));
    }
    return typed_call(instance, error, [&](TypedCalls& typed, Instance& self) -> Outcome {
        CallContext context;
        if (Outcome read = read_inputs(call, context, {{cursor, "the cursor"}}); !read) return read;
        index::Filter wanted;
        PackageWalk walk(typed, context, each, user);
        if (Outcome begun = begin_walk(walk, limit, each, filter, wanted); !begun) return begun;
        Result<index::Page> listed = typed.library().list(wanted, limit, view(cursor), context);
        if (!listed) return refuse(listed.error());
        for (const index::IndexEntry& entry : listed->entries)
            if (Outcome given = walk.give(entry, 0); !given) return given;
        if (page == nullptr) return {};
        cat_page filled{};
        filled.count = walk.given();
        if (!listed->cursor.empty()) {
            const std::size_t kept = listed->cursor.size();
            filled.owner = make_owner(std::move(listed->cursor), kept, self.outstanding());
            filled.cursor = to_abi(owned_object<std::string>(filled.owner));
            filled.release = &release_owned<std::string>;
        }
        static_cast<void>(write_struct(filled, page));
        return {};
    });
}

hmx_status search_packages(hmx_instance* instance, const hmx_call* call, hmx_str words,
                           const cat_filter* filter, std::uint32_t limit, cat_package_fn each,
                           void* user, hmx_error* error) noexcept {
    return typed_call(instance, error, [&](TypedCalls& typed, Instance&) -> Outcome {
        CallContext context;
        if (Outcome read = read_inputs(call, context, {{words, "the search"}}); !read) return read;
        index::Filter wanted;
        PackageWalk walk(typed, context, each, user);
        if (Outcome begun = begin_walk(walk, limit, each, filter, wanted); !begun) return begun;
        const auto hits = typed.library().search(view(words), wanted, limit, context);
        if (!hits) return refuse(hits.error());
        for (const index::SearchHit& hit : *hits)
            if (Outcome given = walk.give(hit.entry, hit.score); !given) return given;
        return {};
    });
}

hmx_status open_content(hmx_instance* instance, const hmx_call* call, hmx_str id, hmx_str path,
                        hmx_handle* out, hmx_error* error) noexcept {
    if (out == nullptr) return report(error, HMX_E_INVALID_ARGUMENT, "out is null");
    *out = 0;
    return typed_call(instance, error, [&](TypedCalls& typed, Instance&) -> Outcome {
        CallContext context;
        if (Outcome read = read_inputs(call, context, {{id, "the id"}, {path, "the path"}}); !read)
            return read;
        const auto handle = typed.contents().open(view(id), view(path), context);
        if (!handle) return refuse(handle.error());
        *out = *handle;
        return {};
    });
}

hmx_status content_info(hmx_instance* instance, hmx_handle content,
                        cat_content_info* out) noexcept {
    return typed_call(instance, nullptr, [&](TypedCalls& typed, Instance&) -> Outcome {
        const auto file = typed.contents().find(content);
        if (!file) return refuse(file.error());
        cat_content_info info{};
        info.mode = (*file)->mode();
        info.size_bytes = (*file)->size_bytes();
        std::ranges::copy(std::as_bytes(std::span((*file)->tree().digest)),
                          std::as_writable_bytes(std::span(info.tree.bytes)).begin());
        if (!write_struct(info, out))
            return refuse(HMX_E_INVALID_ARGUMENT, "out is null or has no struct_size");
        return {};
    });
}

hmx_status read_at(hmx_instance* instance, hmx_handle content, std::uint64_t offset,
                   std::uint8_t* buffer, std::size_t capacity, std::size_t* got,
                   hmx_error* error) noexcept {
    if (got == nullptr || (buffer == nullptr && capacity > 0))
        return report(error, HMX_E_INVALID_ARGUMENT, "got or buffer is null");
    *got = 0;
    return typed_call(instance, error, [&](TypedCalls& typed, Instance&) -> Outcome {
        const auto file = typed.contents().find(content);
        if (!file) return refuse(file.error());
        if (offset >= (*file)->size_bytes())
            return refuse(HMX_E_END, "the offset is not inside the file");
        const auto read =
            (*file)->read_at(offset, std::as_writable_bytes(std::span(buffer, capacity)));
        if (!read) return refuse(read.error());
        *got = *read;
        return {};
    });
}

hmx_status map_at(hmx_instance* instance, hmx_handle content, std::uint64_t offset,
                  std::size_t wanted, hmx_buf* out, hmx_error* error) noexcept {
    if (out == nullptr) return report(error, HMX_E_INVALID_ARGUMENT, "out is null");
    *out = hmx_buf{};
    return typed_call(instance, error, [&](TypedCalls& typed, Instance& self) -> Outcome {
        const auto file = typed.contents().find(content);
        if (!file) return refuse(file.error());
        Result<content::ObjectPiece> piece = (*file)->piece_at(offset);
        if (!piece) return refuse(piece.error());
        ByteView bytes = piece->bytes().subspan(offset - piece->offset());
        if (wanted != 0) bytes = bytes.first(std::min(bytes.size(), wanted));
        const std::size_t kept = piece->bytes().size();
        void* const owner = make_owner(*std::move(piece), kept, self.outstanding());
        *out = {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), owner,
                &release_owned<content::ObjectPiece>};
        return {};
    });
}

hmx_status close_content(hmx_instance* instance, hmx_handle content) noexcept {
    return typed_call(instance, nullptr, [&](TypedCalls& typed, Instance&) -> Outcome {
        const auto closed = typed.contents().close(content);
        if (!closed) return refuse(closed.error());
        return {};
    });
}

constexpr cat_library_api kLibraryApi{
    .iface = {.struct_size = sizeof(cat_library_api), .version = CAT_LIBRARY_VERSION},
    .get_package = &get_package,
    .list_packages = &list_packages,
    .search_packages = &search_packages,
    .open_content = &open_content,
    .content_info = &content_info,
    .read_at = &read_at,
    .map_at = &map_at,
    .close_content = &close_content,
};

}  // namespace

const hmx_iface* library_interface() noexcept { return &kLibraryApi.iface; }

}  // namespace catalog::extension
