// SHA-256 of many pieces at once against OpenSSL's EVP, one after the other with a context that is
// kept. Every digest is compared before anything is timed. CPU time of the thread.

#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <cstdio>
#include <random>
#include <vector>

#include "catalog/merkle/hash_batch.hpp"

namespace {

using catalog::Bytes;
using catalog::ByteView;
using catalog::ContentHash;
using catalog::merkle::HashTask;

// A working set of 16 MiB, cut into pieces of one size.
class Pieces {
public:
    explicit Pieces(std::size_t piece_bytes) : bytes_(kBytes) {
        std::mt19937_64 random(1);
        for (std::byte& byte : bytes_) byte = static_cast<std::byte>(random());
        for (std::size_t at = 0; at + piece_bytes <= kBytes; at += piece_bytes)
            tasks_.push_back({ByteView(bytes_).subspan(at, piece_bytes), HashTask::As::kBytes, {}});
    }
    std::vector<HashTask>& tasks() { return tasks_; }

private:
    static constexpr std::size_t kBytes = std::size_t{16} << 20;
    Bytes bytes_;
    std::vector<HashTask> tasks_;
};

class Evp {
public:
    Evp() : digest_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {}
    ~Evp() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(digest_);
    }
    Evp(const Evp&) = delete;
    Evp& operator=(const Evp&) = delete;

    ContentHash hash(ByteView bytes) {
        ContentHash result;
        EVP_DigestInit_ex2(context_, digest_, nullptr);
        EVP_DigestUpdate(context_, bytes.data(), bytes.size());
        EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(result.digest.data()),
                           nullptr);
        return result;
    }

private:
    EVP_MD* digest_;
    EVP_MD_CTX* context_;
};

void hash_all(benchmark::State& state) {
    Pieces pieces(static_cast<std::size_t>(state.range(0)));
    Evp evp;
    catalog::merkle::hash_all(pieces.tasks());
    for (const HashTask& task : pieces.tasks())
        if (task.digest != evp.hash(task.bytes)) {
            state.SkipWithError("wrong digest");
            return;
        }
    for (auto _ : state) catalog::merkle::hash_all(pieces.tasks());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(pieces.tasks().size()) *
                            state.range(0));
}

void evp(benchmark::State& state) {
    Pieces pieces(static_cast<std::size_t>(state.range(0)));
    Evp evp;
    for (auto _ : state)
        for (HashTask& task : pieces.tasks()) task.digest = evp.hash(task.bytes);
    benchmark::DoNotOptimize(pieces.tasks().data());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(pieces.tasks().size()) *
                            state.range(0));
}

BENCHMARK(hash_all)->Arg(64)->Arg(1500)->Arg(4096)->Arg(65'536)->Arg(1 << 20);
BENCHMARK(evp)->Arg(64)->Arg(1500)->Arg(4096)->Arg(65'536)->Arg(1 << 20);

}  // namespace

BENCHMARK_MAIN();
