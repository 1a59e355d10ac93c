#include "catalog/core/error.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace catalog {

struct Error::Data {
    Errc code;
    std::string message;
    std::string input;
    std::string hint;
    ErrorDetail detail;
    std::optional<Error> cause;
    std::atomic<std::uint32_t> references{1};

    Data(Errc c, std::string m, ErrorDetail d)
        : code(c), message(std::move(m)), detail(std::move(d)) {}
    Data(const Data& other)
        : code(other.code),
          message(other.message),
          input(other.input),
          hint(other.hint),
          detail(other.detail),
          cause(other.cause) {}
    Data& operator=(const Data&) = delete;
};

Error::Error(Errc code, std::string message) : data_(new Data(code, std::move(message), {})) {}

Error::Error(Errc code, std::string message, ErrorDetail detail)
    : data_(new Data(code, std::move(message), std::move(detail))) {}

Error::Error(const Error& other) noexcept : data_(other.data_) {
    data_->references.fetch_add(1, std::memory_order_relaxed);
}

Error& Error::operator=(const Error& other) noexcept {
    Error copy(other);
    std::swap(data_, copy.data_);
    return *this;
}

Error::~Error() {
    // A loop, since a chain of causes can be as long as whatever was tried again and again.
    for (Data* data = data_; data != nullptr;) {
        if (data->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        Data* const cause = data->cause ? std::exchange(data->cause->data_, nullptr) : nullptr;
        delete data;
        data = cause;
    }
}

Errc Error::code() const noexcept { return data_->code; }
std::string_view Error::message() const noexcept { return data_->message; }
std::string_view Error::input() const noexcept { return data_->input; }
std::string_view Error::hint() const noexcept { return data_->hint; }
const ErrorDetail& Error::detail() const noexcept { return data_->detail; }
const Error* Error::cause() const noexcept { return data_->cause ? &*data_->cause : nullptr; }

Error::Data* Error::clone() const { return new Data(*data_); }

Error Error::with_input(std::string input) const {
    if (!data_->input.empty()) return *this;
    Data* data = clone();
    data->input = std::move(input);
    return Error(data);
}

Error Error::with_hint(std::string hint) const {
    Data* data = clone();
    data->hint = std::move(hint);
    return Error(data);
}

Error Error::with_detail(ErrorDetail detail) const {
    Data* data = clone();
    data->detail = std::move(detail);
    return Error(data);
}

Error Error::with_cause(const Error& cause) const {
    std::vector<const Error*> chain;
    for (const Error* error = this; error != nullptr; error = error->cause())
        chain.push_back(error);
    // Shared data never changes, so every link above the new end is made again.
    Error result = cause;
    for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
        Data* data = (*link)->clone();
        data->cause = result;
        result = Error(data);
    }
    return result;
}

std::string Error::to_string() const {
    std::string text;
    for (const Error* error = this; error != nullptr; error = error->cause()) {
        if (!text.empty()) text += ": ";
        if (!error->input().empty()) {
            text += error->input();
            text += ": ";
        }
        text += error->message();
    }
    return text;
}

}  // namespace catalog
