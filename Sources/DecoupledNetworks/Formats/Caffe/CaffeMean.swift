import DecoupledBase
import DecoupledVision

/// Mean images of Caffe, `.binaryproto`: one blob of 3 channels, BGR.
public enum CaffeMean {
  /// The mean of each channel as preprocessing: BGR minus mean. A mean image is averaged over its pixels, because our input
  /// has one mean a channel.
  /// - Throws: `format` when the file is no blob of 3 channels.
  public static func read(_ path: String) throws -> Preprocessing {
    let file = try RandomAccessFile(path: path)
    let reader = ProtobufReader(FileCursor(file, kind: "mean image (.binaryproto)"))
    let blob = try CaffeBlob(reader, before: file.size).tensor("mean", file)
    let shape = Array(blob.shape.drop { $0 == 1 })
    guard blob.elementCount > 0, shape.first == 3, shape.count <= 3 else {
      throw EngineError(
        .format, "'\(path)' holds a blob of shape \(blob.shape); a mean image is 1 x 3 x height x width.")
    }
    let plane = blob.elementCount / 3
    var sums = [Double](repeating: 0, count: 3)
    var position = 0
    try blob.forEachFloats { piece in
      for value in piece {
        sums[position / plane] += Double(value)
        position += 1
      }
    }
    return try Preprocessing(channelOrder: .bgr, mean: sums.map { Float($0 / Double(plane)) })
  }
}
