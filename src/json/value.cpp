#include "catalog/json/value.hpp"

#include <limits>
#include <type_traits>

#include "catalog/internal/try.hpp"

namespace catalog::json {

// Else a growing array would copy whole trees.
static_assert(std::is_nothrow_move_constructible_v<Value>);

namespace {

constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;

Error wrong_member(std::string_view where, std::string_view name, const std::string& what) {
    std::string message(where);
    if (!message.empty()) message += ": ";
    return Error(Errc::kJsonType, message + "member \"" + std::string(name) + "\" " + what);
}

std::string name_with_article(const Value& value) {
    std::string name(value.type_name());
    if (value.is_null()) return name;
    return (name.front() == 'a' || name.front() == 'o' ? "an " : "a ") + name;
}

Error wrong_type(std::string_view where, std::string_view name, std::string_view expected,
                 const Value& found) {
    return wrong_member(where, name,
                        "must be " + std::string(expected) + ", not " + name_with_article(found));
}

/// The member, or null when it is absent or JSON's null.
const Value* find_present(const Object& object, std::string_view name) {
    const auto member = object.find(name);
    return member == object.end() || member->second.is_null() ? nullptr : &member->second;
}

Result<const Value*> find_required(const Object& object, std::string_view name,
                                   std::string_view where) {
    const auto member = object.find(name);
    if (member == object.end()) return fail(wrong_member(where, name, "is missing"));
    return &member->second;
}

}  // namespace

Value::Value(std::uint64_t value) noexcept {
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        data_ = static_cast<std::int64_t>(value);
    else
        data_ = static_cast<double>(value);
}

const Value* Value::find(std::string_view name) const noexcept {
    const Object* object = as_object();
    if (object == nullptr) return nullptr;
    const auto member = object->find(name);
    return member == object->end() ? nullptr : &member->second;
}

std::string_view Value::type_name() const noexcept {
    constexpr std::string_view kNames[] = {"null",   "boolean", "number", "number",
                                           "string", "array",   "object"};
    return kNames[data_.index()];
}

Result<std::string> require_string(const Object& object, std::string_view name,
                                   std::string_view where) {
    CATALOG_TRY(const Value* value, find_required(object, name, where));
    const std::string* text = value->as_string();
    if (text == nullptr) return fail(wrong_type(where, name, "a string", *value));
    return *text;
}

Result<std::string> optional_string(const Object& object, std::string_view name,
                                    std::string_view where, std::string_view fallback) {
    const Value* value = find_present(object, name);
    if (value == nullptr) return std::string(fallback);
    return require_string(object, name, where);
}

Result<bool> optional_bool(const Object& object, std::string_view name, std::string_view where,
                           bool fallback) {
    const Value* value = find_present(object, name);
    if (value == nullptr) return fallback;
    const bool* flag = value->as_bool();
    if (flag == nullptr) return fail(wrong_type(where, name, "a boolean", *value));
    return *flag;
}

Result<std::uint64_t> require_uint(const Object& object, std::string_view name,
                                   std::string_view where) {
    CATALOG_TRY(const Value* value, find_required(object, name, where));
    const std::int64_t* number = value->as_int();
    if (number == nullptr) {
        if (value->as_double() == nullptr)
            return fail(wrong_type(where, name, "a whole number", *value));
        return fail(wrong_member(where, name, "must be a whole number of at most 2^53"));
    }
    if (*number < 0 || *number > kExactIntegerMax)
        return fail(wrong_member(where, name,
                                 "must be between 0 and 2^53, not " + std::to_string(*number)));
    return static_cast<std::uint64_t>(*number);
}

Result<std::vector<std::string>> optional_strings(const Object& object, std::string_view name,
                                                  std::string_view where) {
    std::vector<std::string> texts;
    const Value* value = find_present(object, name);
    if (value == nullptr) return texts;
    const Array* elements = value->as_array();
    if (elements == nullptr) return fail(wrong_type(where, name, "an array of strings", *value));
    texts.reserve(elements->size());
    for (const Value& element : *elements) {
        const std::string* text = element.as_string();
        if (text == nullptr)
            return fail(wrong_member(where, name,
                                     "must be an array of strings, but element " +
                                         std::to_string(texts.size() + 1) + " is " +
                                         name_with_article(element)));
        texts.push_back(*text);
    }
    return texts;
}

}  // namespace catalog::json
