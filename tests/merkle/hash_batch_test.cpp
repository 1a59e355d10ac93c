#include "catalog/merkle/hash_batch.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <random>
#include <string>
#include <vector>

#include "catalog/merkle/tree.hpp"
#include "sha256_lanes.hpp"

namespace catalog::merkle {
namespace {

using As = HashTask::As;

// OpenSSL by its front door, which shares no code with either way of hash_all.
std::string evp_sha256(ByteView bytes, As as) {
    std::string message = as == As::kLeaf ? std::string(1, '\0') : std::string();
    message.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    ContentHash digest;
    unsigned length = 0;
    EVP_Digest(message.data(), message.size(),
               reinterpret_cast<unsigned char*>(digest.digest.data()), &length, EVP_sha256(),
               nullptr);
    return digest.to_string();
}

Bytes random_bytes(std::size_t count, std::mt19937_64& random) {
    Bytes bytes(count);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    return bytes;
}

// Functions of this processor, or none where it lacks them.
struct Way {
    const char* name;
    Sha256Kernels kernels;
    bool usable;
};

std::vector<Way> ways() {
    const Sha256Kernels all = sha256_kernels();
    return {{"None", {}, true},
            {"Narrow", {all.narrow, nullptr}, all.narrow[0] != nullptr},
            {"Wide", {{}, all.wide}, all.wide != nullptr},
            {"All", all, true}};
}

class EachWay : public ::testing::TestWithParam<Way> {
protected:
    void SetUp() override {
        if (!GetParam().usable) GTEST_SKIP() << "not on this processor";
    }
    static void expect_all_right(std::vector<HashTask>& tasks) {
        hash_all_with(GetParam().kernels, tasks);
        for (std::size_t i = 0; i < tasks.size(); ++i)
            ASSERT_EQ(tasks[i].digest.to_string(), evp_sha256(tasks[i].bytes, tasks[i].as))
                << "task " << i << " of " << tasks.size() << ", " << tasks[i].bytes.size()
                << " bytes";
    }
};

TEST_P(EachWay, AgreesWithOpensslForEveryLengthAroundTheBlocks) {
    std::mt19937_64 random(1);
    const Bytes bytes = random_bytes(512, random);
    for (const As as : {As::kBytes, As::kLeaf})
        for (std::size_t length = 0; length <= bytes.size(); ++length) {
            std::vector<HashTask> tasks{{ByteView(bytes).first(length), as, {}}};
            expect_all_right(tasks);
        }
}

TEST_P(EachWay, AgreesWithOpensslForRandomBatches) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        const Bytes bytes = random_bytes(20'000, random);
        std::vector<HashTask> tasks(random() % 40);
        for (HashTask& task : tasks) {
            const std::size_t most = random() % 3 == 0 ? 20'000 : 300;
            const std::size_t length = random() % (most + 1);
            const std::size_t begin = random() % (bytes.size() - length + 1);
            task.bytes = ByteView(bytes).subspan(begin, length);
            task.as = random() % 2 == 0 ? As::kBytes : As::kLeaf;
        }
        expect_all_right(tasks);
    }
}

TEST_P(EachWay, ShortTasksPassWhileALongOneIsOnItsWay) {
    std::mt19937_64 random(2);
    const Bytes bytes = random_bytes(100'000, random);
    std::vector<HashTask> tasks{{bytes, As::kLeaf, {}}};
    for (std::size_t length = 0; length < 200; ++length)
        tasks.push_back({ByteView(bytes).subspan(length, length), As::kBytes, {}});
    expect_all_right(tasks);
}

INSTANTIATE_TEST_SUITE_P(HashAll, EachWay, ::testing::ValuesIn(ways()),
                         [](const auto& way) { return std::string(way.param.name); });

// As `head -c 513M /dev/zero | sha256sum` says.
TEST(HashAll, CountsBitsBeyondThirtyTwoBits) {
    const Bytes bytes(std::size_t{513} << 20);
    HashTask task{bytes, As::kBytes, {}};
    hash_all({&task, 1});
    EXPECT_EQ(task.digest.to_string(),
              "sha256:a3e2acbb469e4e59dde406f912e754c933c1ac0fb0092a3634d61d5073309c0c");
}

TEST(HashAll, NamesItsAlgorithmWhateverTheTaskHeld) {
    HashTask task;
    task.digest.algorithm = HashAlgorithm::kBlake2b256;
    hash_all({&task, 1});
    EXPECT_EQ(task.digest.algorithm, HashAlgorithm::kSha256);
}

TEST(HashAll, GivesTheLeavesOfTheTree) {
    HashTask task{as_bytes("a block"), As::kLeaf, {}};
    hash_all({&task, 1});
    EXPECT_EQ(task.digest, leaf_hash(as_bytes("a block")));
}

}  // namespace
}  // namespace catalog::merkle
