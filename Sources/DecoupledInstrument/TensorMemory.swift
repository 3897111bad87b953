import CDecoupled
import DecoupledBackendKit
import DecoupledBase
import DecoupledCore

extension dcn_tensor {
  var elementByteCount: Int { ElementType(rawValue: element_type)?.byteCount ?? 0 }

  /// Address of the first element.
  var start: UnsafeMutableRawPointer? { buffer.map { $0 + Int(byte_offset) } }

  /// Elements from the first to behind the last, gaps included.
  var spannedCount: Int {
    guard elementCount > 0 else { return 0 }
    return 1 + (0..<Int(rank)).reduce(0) { $0 + (dimension($1) - 1) * stride($1) }
  }

  /// Whether `reference` can read it as it is.
  var isRowMajor: Bool {
    let halves = [Int32(DCN_ELEMENT_F16), Int32(DCN_ELEMENT_BF16)]
    return layout == Int32(DCN_LAYOUT_NCHW) && isContiguous && !halves.contains(element_type)
  }

  /// Calls `body` with the offset of the first element of each line of the last axis, in row-major order.
  func forEachLine(_ body: (_ offset: Int) -> Void) {
    let axes = max(0, Int(rank) - 1)
    var index = [Int](repeating: 0, count: axes)
    guard elementCount > 0 else { return }
    while true {
      body((0..<axes).reduce(0) { $0 + index[$1] * stride($1) })
      var axis = axes - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < dimension(axis) { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Copies the elements to or from row-major memory without gaps.
  func copy(dense: UnsafeMutableRawPointer, toDense: Bool) {
    switch elementByteCount {
    case 1: copy(UInt8.self, dense, toDense)
    case 2: copy(UInt16.self, dense, toDense)
    case 4: copy(UInt32.self, dense, toDense)
    case 8: copy(UInt64.self, dense, toDense)
    default: break
    }
  }

  private func copy<Element>(_: Element.Type, _ dense: UnsafeMutableRawPointer, _ toDense: Bool) {
    guard let start else { return }
    let own = start.assumingMemoryBound(to: Element.self)
    var place = dense.assumingMemoryBound(to: Element.self)
    let (count, step) = (dimension(Int(rank) - 1), stride(Int(rank) - 1))
    forEachLine { offset in
      for index in 0..<count {
        if toDense { place[index] = own[offset + index * step] } else { own[offset + index * step] = place[index] }
      }
      place += count
    }
  }

  /// The elements in row-major order without gaps, half precision widened.
  func dense() throws -> Tensor {
    guard let type = ElementType(rawValue: element_type) else {
      throw EngineError(.unsupported, "A tensor has the unknown element type \(element_type).")
    }
    let result = try Tensor(zeros: shape, type)
    copy(dense: result.bytes, toDense: true)
    return type == .float16 || type == .bfloat16 ? try result.asFloat32() : result
  }

  /// A sum over the elements' bits that changes when one of them does.
  var fingerprint: UInt64 {
    guard let start, elementByteCount > 0 else { return 0 }
    let size = elementByteCount
    var sum: UInt64 = 0
    let (count, step) = (dimension(Int(rank) - 1), stride(Int(rank) - 1))
    forEachLine { offset in
      for index in 0..<count {
        let place = start + (offset + index * step) * size
        let bits: UInt64 =
          switch size {
          case 1: UInt64(place.load(as: UInt8.self))
          case 2: UInt64(place.loadUnaligned(as: UInt16.self))
          case 4: UInt64(place.loadUnaligned(as: UInt32.self))
          default: place.loadUnaligned(as: UInt64.self)
          }
        sum = (sum ^ bits) &* 0x9E37_79B9_7F4A_7C15
      }
    }
    return sum
  }
}
