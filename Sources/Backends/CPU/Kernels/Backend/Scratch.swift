/// Memory that a thread keeps from one product to the next, for copies of its operands.
import Glibc

enum Scratch {
  private struct Buffer {
    var start: UnsafeMutableRawPointer
    var size: Int
  }

  /// Frees the buffer of a thread that ends.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { stored in
      guard let stored else { return }
      free(stored.load(as: Buffer.self).start)
      free(stored)
    }
    return key
  }()

  /// At least `count` floats on a cache line, contents undefined, valid until the next call on this thread.
  static func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let size = count * MemoryLayout<Float>.size
    let slot: UnsafeMutablePointer<Buffer>
    if let stored = pthread_getspecific(key) {
      slot = stored.assumingMemoryBound(to: Buffer.self)
    } else {
      slot = malloc(MemoryLayout<Buffer>.size)!.bindMemory(to: Buffer.self, capacity: 1)
      slot.initialize(to: Buffer(start: aligned_alloc(4096, 1 << 16)!, size: 1 << 16))
      pthread_setspecific(key, slot)
    }
    if slot.pointee.size < size {
      free(slot.pointee.start)
      let rounded = (size + 4095) & ~4095
      slot.pointee = Buffer(start: aligned_alloc(4096, rounded)!, size: rounded)
    }
    return slot.pointee.start.assumingMemoryBound(to: Float.self)
  }
}
