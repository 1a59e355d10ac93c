#pragma once
// HashBatch: digests of many independent pieces of memory, several of them at once.

#include <cstddef>
#include <span>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"

namespace catalog::merkle {

/// A piece to hash, and its digest.
struct HashTask {
    enum class As : unsigned char {
        kBytes,  ///< SHA-256 of the bytes, as hash_of.
        kLeaf,   ///< SHA-256(0x00 || bytes), as leaf_hash.
    };

    ByteView bytes;
    As as = As::kBytes;
    ContentHash digest;  ///< The result.
};

/// Fills in the digest of each task: bit for bit what hash_of and leaf_hash give.
///
/// Where the processor has SHA instructions (x86-64 with SHA-NI), up to three tasks are hashed at
/// the same time on the calling thread, which is about 2.5 times as fast as one after the other;
/// elsewhere OpenSSL hashes one after the other. Tasks may be of any lengths; long ones in front
/// keep all lanes busy to the end. Thread safety: any thread. Does not allocate. Cost: about 0.25
/// ns a byte and 50 ns a task, with SHA instructions.
void hash_all(std::span<HashTask> tasks) noexcept;

}  // namespace catalog::merkle
