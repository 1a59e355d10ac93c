#include "catalog/security/file_key_store.hpp"

#include <map>

#include "catalog/internal/mutex.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/security/ed25519.hpp"

namespace catalog::security {

namespace {

constexpr std::uint64_t kKeyFileBytesMax = 4096;
constexpr std::string_view kSchema = "catalog.key.v1";
constexpr std::string_view kAlgorithm = "ed25519";

std::string_view purpose_name(KeyPurpose purpose) noexcept {
    return purpose == KeyPurpose::kLibrary ? "library" : "publisher";
}

/// Wipes text that held a secret when it goes out of scope.
class WipedText {
public:
    explicit WipedText(std::string text) noexcept : text_(std::move(text)) {}
    WipedText(const WipedText&) = delete;
    WipedText& operator=(const WipedText&) = delete;
    ~WipedText() {
        volatile char* bytes = text_.data();
        for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = 0;
    }
    [[nodiscard]] const std::string& get() const noexcept { return text_; }

private:
    std::string text_;
};

Error invalid_key_file(const std::string& path, std::string message) {
    return Error(Errc::kKeyInvalid, std::move(message))
        .with_input(path)
        .with_hint("restore the file from a backup, or remove it and make a new key");
}

Result<std::string> member_of(const json::Object& object, std::string_view name,
                              const std::string& path) {
    Result<std::string> text = json::require_string(object, name, "key file");
    if (!text) return fail(invalid_key_file(path, std::string(text.error().message())));
    return text;
}

Result<SecretKey> decode_key_file(const std::string& text, const std::string& path,
                                  KeyPurpose purpose) {
    const Result<json::Value> document = json::read(text);
    if (!document || document->as_object() == nullptr)
        return fail(invalid_key_file(path, "the key file is not a JSON object"));
    const json::Object& object = *document->as_object();
    CATALOG_TRY(const std::string schema, member_of(object, "schema", path));
    CATALOG_TRY(const std::string algorithm, member_of(object, "algorithm", path));
    CATALOG_TRY(const std::string stored_purpose, member_of(object, "purpose", path));
    CATALOG_TRY(const std::string public_text, member_of(object, "public", path));
    CATALOG_TRY(std::string seed_text, member_of(object, "seed", path));
    const WipedText wiped_seed(std::move(seed_text));
    if (schema != kSchema) return fail(invalid_key_file(path, "the key file has another schema"));
    if (algorithm != kAlgorithm)
        return fail(invalid_key_file(path, "the key is of another algorithm: " + algorithm));
    if (stored_purpose != purpose_name(purpose))
        return fail(invalid_key_file(path, "the key is for another purpose: " + stored_purpose));
    const Result<Bytes> seed = from_base64(wiped_seed.get());
    if (!seed) return fail(invalid_key_file(path, "the seed is not base64"));
    Result<SecretKey> key = SecretKey::from_seed(*seed);
    if (!key) return fail(key.error().with_input(path));
    if (public_key_text(key->public_key()) != public_text)
        return fail(invalid_key_file(path, "the public key does not belong to the secret one"));
    return key;
}

}  // namespace

struct FileKeyStore::Impl {
    struct Loaded {
        SecretKey secret;
        KeyInfo info;
    };

    std::shared_ptr<io::FileSystem> fs;
    std::string directory;
    internal::Mutex mutex;
    std::map<KeyPurpose, Loaded> keys CATALOG_GUARDED_BY(mutex);

    [[nodiscard]] std::string path_of(KeyPurpose purpose) const {
        return io::join_path(directory, std::string(purpose_name(purpose)) + ".key");
    }

    [[nodiscard]] static Loaded loaded(SecretKey secret, KeyPurpose purpose) {
        const PublicKey public_key = secret.public_key();
        return {std::move(secret), KeyInfo{key_id(public_key), purpose, public_key}};
    }

    Result<Loaded*> load(KeyPurpose purpose) CATALOG_REQUIRES(mutex) {
        if (const auto found = keys.find(purpose); found != keys.end()) return &found->second;
        const std::string path = path_of(purpose);
        Result<std::string> text = io::read_file(*fs, path, kKeyFileBytesMax);
        if (!text) {
            if (text.error().code() != Errc::kFileNotFound) return fail(text.error());
            return fail(Error(Errc::kKeyNotFound,
                              "there is no " + std::string(purpose_name(purpose)) + " key",
                              NotFoundDetail{"key", std::string(purpose_name(purpose))})
                            .with_input(path)
                            .with_hint("make one when the library is made, or inject a key store"));
        }
        const WipedText wiped(*std::move(text));
        CATALOG_TRY(SecretKey secret, decode_key_file(wiped.get(), path, purpose));
        return &keys.emplace(purpose, loaded(std::move(secret), purpose)).first->second;
    }
};

FileKeyStore::FileKeyStore(std::shared_ptr<io::FileSystem> fs, std::string directory)
    : impl_(std::make_unique<Impl>()) {
    impl_->fs = std::move(fs);
    impl_->directory = std::move(directory);
}

FileKeyStore::~FileKeyStore() = default;

Result<KeyInfo> FileKeyStore::create(KeyPurpose purpose, Random& random) {
    const internal::MutexLock lock(impl_->mutex);
    const std::string path = impl_->path_of(purpose);
    CATALOG_TRY(const bool there, io::exists(*impl_->fs, path));
    if (there)
        return fail(Error(Errc::kAlreadyExists, "there is a key for this purpose already")
                        .with_input(path));
    CATALOG_TRY(SecretKey secret, SecretKey::generate(random));
    const WipedText text(secret.with_seed([&](ByteView seed) {
        return json::write_pretty(json::Object{{"schema", kSchema},
                                               {"purpose", purpose_name(purpose)},
                                               {"algorithm", kAlgorithm},
                                               {"public", public_key_text(secret.public_key())},
                                               {"seed", to_base64(seed)}});
    }));
    CATALOG_TRY_VOID(impl_->fs->make_directories(impl_->directory));
    CATALOG_TRY_VOID(io::write_file_durably(*impl_->fs, path, as_bytes(text.get()), 0600));
    return impl_->keys.insert_or_assign(purpose, Impl::loaded(std::move(secret), purpose))
        .first->second.info;
}

Result<KeyInfo> FileKeyStore::default_key(KeyPurpose purpose) {
    const internal::MutexLock lock(impl_->mutex);
    CATALOG_TRY(const Impl::Loaded* key, impl_->load(purpose));
    return key->info;
}

Result<Signature> FileKeyStore::sign(std::string_view id, ByteView message) {
    const internal::MutexLock lock(impl_->mutex);
    for (const KeyPurpose purpose : {KeyPurpose::kPublisher, KeyPurpose::kLibrary}) {
        const Result<Impl::Loaded*> key = impl_->load(purpose);
        if (!key && key.error().code() != Errc::kKeyNotFound) return fail(key.error());
        if (key && (*key)->info.id == id) return (*key)->secret.sign(message);
    }
    return fail(Error(Errc::kKeyNotFound, "this key store does not hold the key",
                      NotFoundDetail{"key", std::string(id)})
                    .with_input(std::string(id)));
}

}  // namespace catalog::security
