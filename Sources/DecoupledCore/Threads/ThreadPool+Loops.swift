extension ThreadPool {
  /// Runs `body(index, lane)` for each index below `count` on all lanes.
  public func forEach(_ count: Int, _ body: (_ index: Int, _ lane: Int) -> Void) {
    withoutActuallyEscaping(body) { escapable in
      var task = escapable
      _ = withUnsafeMutablePointer(to: &task) { pointer in
        run(
          count: Int64(count),
          task: { index, lane, data in
            data!.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(Int(index), Int(lane))
          }, data: pointer, stop: { false })
      }
    }
  }
}
