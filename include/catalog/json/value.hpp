#pragma once
// Value: a JSON document in memory, as the strict reader returns it and the canonical writer takes
// it.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "catalog/core/result.hpp"

namespace catalog::json {

class Value;

/// Elements in order.
using Array = std::vector<Value>;

/// Members in byte order of their names. Names are unique.
using Object = std::map<std::string, Value, std::less<>>;

/// null, boolean, integer, floating-point number, string (UTF-8), array or object.
///
/// Integers within the signed 64-bit range stay exact; every other number is a double. Copying
/// copies the whole tree. Thread safety: distinct objects safe; concurrent reads of one object
/// safe.
// NOLINTNEXTLINE(misc-no-recursion): copying goes as deep as the tree, which every reader bounds
class Value {
public:
    // A value is what it is made of, so that documents can be written as nested braces.
    // NOLINTBEGIN(google-explicit-constructor)
    Value() noexcept = default;  ///< null
    Value(std::nullptr_t) noexcept {}
    Value(bool value) noexcept : data_(value) {}
    Value(int value) noexcept : data_(static_cast<std::int64_t>(value)) {}
    Value(std::uint32_t value) noexcept : data_(static_cast<std::int64_t>(value)) {}
    Value(std::int64_t value) noexcept : data_(value) {}
    /// Numbers above the signed range become a double, as every JSON reader would read them.
    Value(std::uint64_t value) noexcept;
    Value(double value) noexcept : data_(value) {}
    Value(const char* value) : data_(std::string(value)) {}
    Value(std::string_view value) : data_(std::string(value)) {}
    Value(std::string value) noexcept : data_(std::move(value)) {}
    Value(Array value) noexcept : data_(std::move(value)) {}
    Value(Object value) noexcept : data_(std::move(value)) {}
    /// Any other pointer would silently become a boolean.
    template <class T>
    Value(T*) = delete;
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool is_null() const noexcept { return data_.index() == 0; }
    [[nodiscard]] const bool* as_bool() const noexcept { return std::get_if<bool>(&data_); }
    [[nodiscard]] const std::int64_t* as_int() const noexcept {
        return std::get_if<std::int64_t>(&data_);
    }
    [[nodiscard]] const double* as_double() const noexcept { return std::get_if<double>(&data_); }
    [[nodiscard]] const std::string* as_string() const noexcept {
        return std::get_if<std::string>(&data_);
    }
    [[nodiscard]] const Array* as_array() const noexcept { return std::get_if<Array>(&data_); }
    [[nodiscard]] const Object* as_object() const noexcept { return std::get_if<Object>(&data_); }
    [[nodiscard]] Array* as_array() noexcept { return std::get_if<Array>(&data_); }
    [[nodiscard]] Object* as_object() noexcept { return std::get_if<Object>(&data_); }

    /// Returns the member `name` of an object, or null when this is no object or has no such
    /// member.
    [[nodiscard]] const Value* find(std::string_view name) const noexcept;

    /// Returns "null", "boolean", "number", "string", "array" or "object".
    [[nodiscard]] std::string_view type_name() const noexcept;

    friend bool operator==(const Value&, const Value&) noexcept = default;

private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> data_{
        nullptr};
};

// Typed access with errors that name the member: for readers of documents. `where` is a prefix for
// messages such as "line 3" or "manifest". All errors are kJsonType with the member's name in the
// message.

/// Returns a required string member.
[[nodiscard]] Result<std::string> require_string(const Object& object, std::string_view name,
                                                 std::string_view where);
/// Returns a string member, or `fallback` when it is absent or null.
[[nodiscard]] Result<std::string> optional_string(const Object& object, std::string_view name,
                                                  std::string_view where,
                                                  std::string_view fallback = {});
/// Returns a boolean member, or `fallback` when it is absent or null.
[[nodiscard]] Result<bool> optional_bool(const Object& object, std::string_view name,
                                         std::string_view where, bool fallback);
/// Returns a required integer member within [0, 2^53].
[[nodiscard]] Result<std::uint64_t> require_uint(const Object& object, std::string_view name,
                                                 std::string_view where);
/// Returns an array-of-strings member, empty when it is absent or null.
[[nodiscard]] Result<std::vector<std::string>> optional_strings(const Object& object,
                                                                std::string_view name,
                                                                std::string_view where);

}  // namespace catalog::json
