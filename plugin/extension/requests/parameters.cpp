#include "requests/parameters.hpp"

#include <algorithm>

#include "catalog/core/error.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/write.hpp"

namespace catalog::extension {

namespace {

Error wrong_parameter(Errc code, const std::string& where, std::string message) {
    return Error(code, std::move(message)).with_input(where);
}

Error wrong_kind(const std::string& where, std::string_view expected, const json::Value& found) {
    return wrong_parameter(
        Errc::kJsonType, where,
        "must be " + std::string(expected) + ", not " + std::string(found.type_name()));
}

Error beyond_limit(const std::string& where, std::string_view unit, std::uint64_t allowed,
                   std::uint64_t actual) {
    return Error(Errc::kLimitExceeded,
                 "has " + std::to_string(actual) + " " + std::string(unit) + ", at most " +
                     std::to_string(allowed) + " are taken",
                 LimitDetail{where, allowed, actual})
        .with_input(where);
}

Result<void> check_text(const Parameter& parameter, const std::string& where,
                        const json::Value& value) {
    const std::string* text = value.as_string();
    if (text == nullptr) return fail(wrong_kind(where, "a string", value));
    const std::uint64_t most = parameter.most == 0 ? kTextBytesMax : parameter.most;
    if (text->size() > most) return fail(beyond_limit(where, "bytes", most, text->size()));
    if (text->size() < parameter.least)
        return fail(wrong_parameter(Errc::kInvalidArgument, where, "is empty"));
    if (text->find('\0') != std::string::npos)
        return fail(wrong_parameter(Errc::kInvalidArgument, where, "holds a zero byte"));
    return {};
}

Result<void> check_path(const std::string& where, const json::Value& value) {
    const std::string* path = value.as_string();
    if (path == nullptr) return fail(wrong_kind(where, "a path", value));
    if (path->size() > kPathBytesMax)
        return fail(beyond_limit(where, "bytes", kPathBytesMax, path->size()));
    if (!path->starts_with('/'))
        return fail(wrong_parameter(Errc::kInvalidArgument, where,
                                    "must be an absolute path, not \"" + *path + "\""));
    if (std::ranges::any_of(*path, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
        return fail(wrong_parameter(Errc::kPathUnsafe, where, "holds a control character"));
    const std::string closed = *path + "/";
    if (closed.find("/./") != std::string::npos || closed.find("/../") != std::string::npos)
        return fail(wrong_parameter(Errc::kPathUnsafe, where, "has a component . or .."));
    return {};
}

Result<void> check_number(const Parameter& parameter, const std::string& where,
                          const json::Value& value) {
    const std::int64_t* number = value.as_int();
    if (number == nullptr) return fail(wrong_kind(where, "a whole number", value));
    if (*number < 0 || static_cast<std::uint64_t>(*number) < parameter.least ||
        static_cast<std::uint64_t>(*number) > parameter.most)
        return fail(wrong_parameter(Errc::kInvalidArgument, where,
                                    "is " + std::to_string(*number) + ", must be " +
                                        std::to_string(parameter.least) + " to " +
                                        std::to_string(parameter.most)));
    return {};
}

Result<void> check_choice(const Parameter& parameter, const std::string& where,
                          const json::Value& value) {
    const std::string* text = value.as_string();
    if (text == nullptr) return fail(wrong_kind(where, "a string", value));
    if (!has_word(parameter.choices, *text))
        return fail(wrong_parameter(Errc::kInvalidArgument, where,
                                    "is \"" + text->substr(0, 64) +
                                        "\", must be one of: " + std::string(parameter.choices)));
    return {};
}

Result<void> check_elements(const Parameter& parameter, const std::string& where,
                            const json::Value& value) {
    const json::Array* list = value.as_array();
    const bool objects = parameter.kind == ParameterKind::kObjects;
    Parameter element{.name = parameter.name, .kind = ParameterKind::kText, .least = 1};
    const auto check = [&](const json::Value& one, const std::string& at) -> Result<void> {
        if (parameter.kind == ParameterKind::kPaths) return check_path(at, one);
        if (!objects) return check_text(element, at, one);
        if (one.as_object() == nullptr) return fail(wrong_kind(at, "an object", one));
        return {};
    };
    if (list == nullptr && value.as_string() != nullptr && !objects) return check(value, where);
    if (list == nullptr)
        return fail(wrong_kind(where, objects ? "a list of objects" : "a list of strings", value));
    const std::uint64_t most = parameter.most == 0 ? kElementsMax : parameter.most;
    if (list->size() > most) return fail(beyond_limit(where, "elements", most, list->size()));
    if (list->size() < parameter.least)
        return fail(wrong_parameter(Errc::kInvalidArgument, where, "is empty"));
    for (std::size_t i = 0; i < list->size(); ++i)
        CATALOG_TRY_VOID(check((*list)[i], where + "[" + std::to_string(i) + "]"));
    return {};
}

Result<void> check_value(const Parameter& parameter, const std::string& where,
                         const json::Value& value) {
    switch (parameter.kind) {
        case ParameterKind::kText:
            return check_text(parameter, where, value);
        case ParameterKind::kFlag:
            if (value.as_bool() == nullptr) return fail(wrong_kind(where, "a boolean", value));
            return {};
        case ParameterKind::kNumber:
            return check_number(parameter, where, value);
        case ParameterKind::kChoice:
            return check_choice(parameter, where, value);
        case ParameterKind::kPath:
            return check_path(where, value);
        case ParameterKind::kTexts:
        case ParameterKind::kPaths:
        case ParameterKind::kObjects:
            return check_elements(parameter, where, value);
        case ParameterKind::kObject:
        case ParameterKind::kNested:
            if (value.as_object() == nullptr) return fail(wrong_kind(where, "an object", value));
            return {};
        case ParameterKind::kFixed:
            // Only a literal can equal it, so that the text of a large value is never made.
            if (value.as_array() == nullptr && value.as_object() == nullptr &&
                value.as_string() == nullptr && json::write_canonical(value) == parameter.choices)
                return {};
            return fail(wrong_parameter(Errc::kUnsupported, where, std::string(parameter.help)));
    }
    return fail(wrong_parameter(Errc::kInternal, where, "has a kind that nobody checks"));
}

const Parameter* find_parameter(std::span<const Parameter> parameters, std::string_view name) {
    for (const Parameter& parameter : parameters)
        if (parameter.name == name || has_word(parameter.aliases, name)) return &parameter;
    return nullptr;
}

Error unknown_parameter(std::span<const Parameter> parameters, const std::string& where) {
    std::string known;
    for (const Parameter& parameter : parameters)
        known += (known.empty() ? "" : ", ") + std::string(parameter.name);
    return wrong_parameter(Errc::kInvalidArgument, where, "is no parameter of this method")
        .with_hint(known.empty() ? "it has none" : "it has: " + known);
}

/// A path without slashes at its end, so that equal folders have equal names.
std::string without_slashes(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

}  // namespace

void for_each_word(std::string_view words, const std::function<bool(std::string_view)>& each) {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (end > 0 && !each(words.substr(0, end))) return;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
}

bool has_word(std::string_view words, std::string_view word) {
    bool found = false;
    for_each_word(words, [&](std::string_view one) { return !(found = one == word); });
    return found;
}

// NOLINTNEXTLINE(misc-no-recursion): a nested object holds no further one, so it goes one deep
Result<void> Arguments::take(std::span<const Parameter> parameters, const json::Object& members,
                             const std::string& where, bool nested) {
    for (const auto& [name, value] : members) {
        const std::string place = where + "." + name.substr(0, 64);
        const Parameter* parameter = find_parameter(parameters, name);
        const bool again =
            nested && parameter != nullptr && parameter->kind == ParameterKind::kNested;
        if (parameter == nullptr || again) return fail(unknown_parameter(parameters, place));
        if (value.is_null()) continue;
        CATALOG_TRY_VOID(check_value(*parameter, place, value));
        if (parameter->kind == ParameterKind::kNested) {
            CATALOG_TRY_VOID(take(parameters, *value.as_object(), place, true));
        } else if (!values_.emplace(parameter->name, &value).second) {
            return fail(wrong_parameter(
                Errc::kInvalidArgument, place,
                "is given twice: it means the same as " + std::string(parameter->name)));
        }
    }
    return {};
}

Result<Arguments> Arguments::read(std::span<const Parameter> parameters, const json::Object& params,
                                  const std::string& where) {
    Arguments arguments;
    CATALOG_TRY_VOID(arguments.take(parameters, params, where, false));
    for (const Parameter& parameter : parameters) {
        if (parameter.required && !arguments.has(parameter.name))
            return fail(wrong_parameter(Errc::kInvalidArgument,
                                        where + "." + std::string(parameter.name), "is missing")
                            .with_hint(std::string(parameter.help)));
        if (parameter.kind != ParameterKind::kPath && parameter.kind != ParameterKind::kPaths)
            continue;
        for (const std::string& path : arguments.texts(parameter.name))
            arguments.paths_.push_back(without_slashes(path));
    }
    return arguments;
}

std::string Arguments::path(std::string_view name) const { return without_slashes(text(name)); }

std::string Arguments::text(std::string_view name, std::string_view fallback) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string(fallback) : *found->second->as_string();
}

bool Arguments::flag(std::string_view name) const {
    const auto found = values_.find(name);
    return found != values_.end() && *found->second->as_bool();
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t fallback) const {
    const auto found = values_.find(name);
    return found == values_.end() ? fallback : static_cast<std::uint64_t>(*found->second->as_int());
}

std::vector<std::string> Arguments::texts(std::string_view name) const {
    std::vector<std::string> texts;
    const auto found = values_.find(name);
    if (found == values_.end()) return texts;
    if (const std::string* one = found->second->as_string()) return {*one};
    for (const json::Value& value : *found->second->as_array()) texts.push_back(*value.as_string());
    return texts;
}

const json::Object* Arguments::object(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : found->second->as_object();
}

std::vector<const json::Object*> Arguments::objects(std::string_view name) const {
    std::vector<const json::Object*> objects;
    const auto found = values_.find(name);
    if (found == values_.end()) return objects;
    for (const json::Value& value : *found->second->as_array())
        objects.push_back(value.as_object());
    return objects;
}

}  // namespace catalog::extension
