import DecoupledBase
import DecoupledVision

/// The lines of an official list.
struct ListedSamples: SegmentationSamples {
  private let crops: CropTable

  /// - Throws: `invalidArgument` when the list has no bits that select classes.
  init(_ crops: CropTable) throws {
    guard crops.hasSubsets else {
      throw EngineError(
        .invalidArgument, "The list has lines without the bits of the selected classes, which phase 2 needs.")
    }
    self.crops = crops
  }

  var count: Int { crops.count }

  func sample(_ number: Int, position: Int) -> SegmentationSample {
    let entry = crops[number]
    return SegmentationSample(item: entry.item, window: entry.window, subset: entry.subset ?? [])
  }
}
