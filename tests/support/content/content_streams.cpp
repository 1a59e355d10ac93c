#include "support/content/content_streams.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::content::testing {
namespace {

class FakeTransformer final : public ContentTransformer {
public:
    explicit FakeTransformer(std::byte mask) : mask_(mask) {}
    std::string_view name() const noexcept override { return "fake"; }
    Result<Step> step(ByteView in, bool is_last, std::span<std::byte> out) override {
        const std::size_t count = std::min(in.size(), out.size());
        for (std::size_t i = 0; i < count; ++i) out[i] = in[i] ^ mask_;
        return Step{count, count, is_last && count == in.size()};
    }

private:
    std::byte mask_;
};

class FaultyTransformer final : public ContentTransformer {
public:
    FaultyTransformer(std::unique_ptr<ContentTransformer> wrapped, std::uint64_t nth, Errc error)
        : wrapped_(std::move(wrapped)), left_(nth), error_(error) {}
    std::string_view name() const noexcept override { return wrapped_->name(); }
    Result<Step> step(ByteView in, bool is_last, std::span<std::byte> out) override {
        if (--left_ == 0) return fail(error_, "injected");
        return wrapped_->step(in, is_last, out);
    }

private:
    std::unique_ptr<ContentTransformer> wrapped_;
    std::uint64_t left_;
    Errc error_;
};

class FakeValidator final : public ContentValidator {
public:
    explicit FakeValidator(std::byte forbidden) : forbidden_(forbidden) {}
    std::string_view name() const noexcept override { return "fake"; }
    Result<void> update(ByteView bytes) override {
        if (std::ranges::find(bytes, forbidden_) == bytes.end()) return {};
        return fail(Errc::kContentCorrupted, "a forbidden byte");
    }
    Result<void> finish() override { return {}; }

private:
    std::byte forbidden_;
};

class FaultyValidator final : public ContentValidator {
public:
    FaultyValidator(std::unique_ptr<ContentValidator> wrapped, std::uint64_t nth, Errc error)
        : wrapped_(std::move(wrapped)), nth_(nth), error_(error) {}
    std::string_view name() const noexcept override { return wrapped_->name(); }
    Result<void> update(ByteView bytes) override {
        if (++updates_ == nth_) return fail(error_, "injected");
        return wrapped_->update(bytes);
    }
    Result<void> finish() override {
        if (nth_ == 0) return fail(error_, "injected");
        return wrapped_->finish();
    }

private:
    std::unique_ptr<ContentValidator> wrapped_;
    std::uint64_t nth_;
    std::uint64_t updates_ = 0;
    Errc error_;
};

}  // namespace

ByteSource slices_of(const Bytes& bytes, std::size_t slice) {
    return [&bytes, slice,
            at = std::size_t{0}](std::span<std::byte> out) mutable -> Result<std::size_t> {
        const std::size_t count = std::min({out.size(), slice, bytes.size() - at});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
        at += count;
        return count;
    };
}

ByteSource failing_after(const Bytes& bytes, std::size_t count, Errc error) {
    return [&bytes, count, error,
            at = std::size_t{0}](std::span<std::byte> out) mutable -> Result<std::size_t> {
        if (at == count) return fail(error, "injected");
        const std::size_t given = std::min(out.size(), count - at);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), given, out.begin());
        at += given;
        return given;
    };
}

Result<Bytes> pull_all(const ByteSource& source, std::size_t room) {
    Bytes all;
    Bytes buffer(room);
    while (true) {
        CATALOG_TRY(const std::size_t count, source(buffer));
        if (count == 0) return all;
        all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    }
}

std::unique_ptr<ContentTransformer> make_fake_transformer(std::byte mask) {
    return std::make_unique<FakeTransformer>(mask);
}

std::unique_ptr<ContentTransformer> make_faulty_transformer(
    std::unique_ptr<ContentTransformer> wrapped, std::uint64_t nth, Errc error) {
    return std::make_unique<FaultyTransformer>(std::move(wrapped), nth, error);
}

std::unique_ptr<ContentValidator> make_fake_validator(std::byte forbidden) {
    return std::make_unique<FakeValidator>(forbidden);
}

std::unique_ptr<ContentValidator> make_faulty_validator(std::unique_ptr<ContentValidator> wrapped,
                                                        std::uint64_t nth, Errc error) {
    return std::make_unique<FaultyValidator>(std::move(wrapped), nth, error);
}

}  // namespace catalog::content::testing
