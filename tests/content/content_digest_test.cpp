#include "catalog/content/content_digest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;

constexpr std::array kAlgorithms = {HashAlgorithm::kSha256, HashAlgorithm::kBlake2b256};

// What a program of the machine, an implementation of its own, says of files; empty without it.
std::vector<std::string> said_by(const std::string& program, const std::string& files) {
    std::vector<std::string> digests;
    // NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c): names of this test's own folder.
    std::FILE* pipe = ::popen((program + " " + files + " 2>/dev/null").c_str(), "r");
    if (pipe == nullptr) return digests;
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr)
        digests.push_back(std::string(line.data()).substr(0, 64));
    ::pclose(pipe);
    return digests;
}

TEST(ContentDigest, AgreesWithTheMachinesOwnPrograms) {
    const io::testing::TemporaryFolder folder;
    io::testing::SeededRandom random(20);
    std::vector<Bytes> samples;
    for (const std::size_t size : {0u, 1u, 3u, 127u, 128u, 129u, 255u, 256u, 1024u, 65'536u})
        samples.push_back(noise(size, size));
    while (samples.size() < 120) samples.push_back(noise(random.below(150'000), random.next()));
    std::string files;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::string path = folder / std::to_string(i);
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(samples[i].data()),
                   static_cast<std::streamsize>(samples[i].size()));
        files += " " + path;
    }
    for (const HashAlgorithm algorithm : kAlgorithms) {
        const bool blake = algorithm == HashAlgorithm::kBlake2b256;
        const auto digests = said_by(blake ? "b2sum -l 256" : "sha256sum", files);
        if (digests.empty()) GTEST_SKIP() << "the programs of coreutils are not here";
        ASSERT_EQ(digests.size(), samples.size());
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const ContentHash ours =
                must(digest_of(ragged_slices_of(samples[i], 9000, i), algorithm));
            EXPECT_EQ(ours.to_string(), (blake ? "blake2b-256:" : "sha256:") + digests[i]);
            EXPECT_EQ(must(ContentHash::parse(ours.to_string())), ours);
        }
    }
}

TEST(ContentDigest, OfAStoredObjectIsThatOfItsBytes) {
    RealContentBed bed;
    for (const std::size_t size : {0u, 1u, 70'000u, 500'000u}) {
        const Bytes bytes = prose(size, size);
        const ContentHash id = bed.put(bytes).id;
        for (const HashAlgorithm algorithm : kAlgorithms) {
            const ContentHash digest = must(digest_of(source_of(bytes), algorithm));
            EXPECT_EQ(must(digest_of(bed.storage(), id, algorithm, CallContext())), digest);
            must(check_digest(bed.storage(), id, digest, CallContext()));
        }
    }
}

TEST(ContentDigest, AnotherDigestIsRefusedAndSaysBoth) {
    RealContentBed bed;
    const ContentHash id = bed.put(noise(1000, 1)).id;
    for (const HashAlgorithm algorithm : kAlgorithms) {
        const ContentHash right = must(digest_of(source_of(noise(1000, 1)), algorithm));
        ContentHash wrong = right;
        wrong.digest[31] ^= std::byte{1};
        const auto checked = check_digest(bed.storage(), id, wrong, CallContext());
        ASSERT_EQ(code_of(checked), Errc::kContentCorrupted);
        const auto* detail = checked.error().detail_as<CorruptionDetail>();
        ASSERT_NE(detail, nullptr);
        EXPECT_EQ(detail->expected, wrong.to_string());
        EXPECT_EQ(detail->actual, right.to_string());
        // The same digits under the other name are another digest.
        wrong = right;
        wrong.algorithm = algorithm == HashAlgorithm::kSha256 ? HashAlgorithm::kBlake2b256
                                                              : HashAlgorithm::kSha256;
        EXPECT_EQ(code_of(check_digest(bed.storage(), id, wrong, CallContext())),
                  Errc::kContentCorrupted);
    }
    EXPECT_EQ(code_of(check_digest(bed.storage(), id_of(noise(1, 2)), id, CallContext())),
              Errc::kContentNotFound);
}

}  // namespace
}  // namespace catalog::content::testing
