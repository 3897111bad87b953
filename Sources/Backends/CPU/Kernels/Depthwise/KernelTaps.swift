/// Which cells of a kernel meet which places of x, along one axis.
struct KernelTaps {
  struct Tap {
    let cell: Int
    let place: Int
  }

  private let taps: [Tap]
  /// Where the taps of each place of the result begin; one more than there are places.
  private let starts: [Int]

  /// Of a convolution: place o of the result meets cell k at o * stride - before + k * dilation.
  init(count: Int, size: Int, kernel: Int, stride: Int, before: Int, dilation: Int) {
    self.init(count: count, kernel: kernel) { place, cell in
      let input = place * stride - before + cell * dilation
      return input >= 0 && input < size ? input : nil
    }
  }

  /// Of the transpose of such a convolution, which leads from `size` places to `count`.
  init(transposed count: Int, size: Int, kernel: Int, stride: Int, before: Int, dilation: Int) {
    self.init(count: count, kernel: kernel) { place, cell in
      let shifted = place + before - cell * dilation
      return shifted >= 0 && shifted % stride == 0 && shifted / stride < size ? shifted / stride : nil
    }
  }

  private init(count: Int, kernel: Int, _ input: (_ place: Int, _ cell: Int) -> Int?) {
    var (taps, starts) = ([Tap](), [0])
    for place in 0..<count {
      for cell in 0..<kernel {
        if let found = input(place, cell) { taps.append(Tap(cell: cell, place: found)) }
      }
      starts.append(taps.count)
    }
    (self.taps, self.starts) = (taps, starts)
  }

  /// Hands out the taps of all places for the length of a call.
  @inline(__always) func withTaps(_ body: (_ at: (Int) -> UnsafeBufferPointer<Tap>) throws -> Void) rethrows {
    try taps.withUnsafeBufferPointer { taps in
      try starts.withUnsafeBufferPointer { starts in
        try body { UnsafeBufferPointer(rebasing: taps[starts[$0]..<starts[$0 + 1]]) }
      }
    }
  }
}
