import DecoupledCore

/// A Caffe network as its files give it: layers with their shapes, and in a `.caffemodel` their weights.
public struct CaffeNet: Sendable {
  public enum Pooling: String, Sendable {
    case maximum = "MAX"
    case average = "AVE"
  }

  /// How a BN layer of the authors' Caffe works.
  public enum NormalizationMode: String, Sendable {
    /// Normalises by the batch; the blobs are gamma and beta.
    case learn = "LEARN"
    /// The blobs are a scale and a shift that hold the statistics.
    case inference = "INFERENCE"
  }

  public struct Layer: Sendable {
    public var name = ""
    /// As new prototxts write it: "Convolution", "Pooling". Of unknown V1 numbers "V1 type N".
    public var type = ""
    public var bottoms: [String] = []
    public var tops: [String] = []
    public var blobs: [StoredTensor] = []
    /// num_output.
    public var outputs: Int?
    public var kernel: Int?
    public var pooling: Pooling?
    public var unpooling: Pooling?
    public var normalization: NormalizationMode?
    /// Of data layers: subtracted from each channel.
    public var means: [Float] = []
    /// Of data layers: factor behind the subtraction.
    public var scale: Float?
    /// Dims of an Input layer.
    public var inputShape: [Int] = []
  }

  public let path: String
  public var name = ""
  /// Names and dims of the inputs; dims are empty where the file does not say.
  public var inputs: [(name: String, shape: [Int])] = []
  public var layers: [Layer] = []

  /// More layers than this are no network but a file that was made to fill the memory.
  static let mostLayers = 4096
  static let mostBlobsInLayer = 16

  init(path: String) { self.path = path }

  /// The first layer of a name: Caffe fills layers by name and takes the first.
  public func layer(_ name: String) -> Layer? { layers.first { $0.name == name } }

  /// The first layer of a name that has blobs.
  func weights(_ name: String) -> Layer? { layers.first { $0.name == name && !$0.blobs.isEmpty } }

  /// Gives inputs that were listed apart from their dims the dims, four for each.
  mutating func pair(inputDimensions: [Int], shapes: [[Int]]) {
    for index in inputs.indices {
      if index < shapes.count {
        inputs[index].shape = shapes[index]
      } else if inputDimensions.count >= 4 * (index + 1) {
        inputs[index].shape = Array(inputDimensions[(4 * index)..<(4 * index + 4)])
      }
    }
    for layer in layers where layer.type == "Input" && !layer.inputShape.isEmpty {
      inputs += layer.tops.map { ($0, layer.inputShape) }
    }
  }

  /// Types of V1 layers by their numbers, as new prototxts write them; from 40 on those of the authors' Caffe.
  static let typesV1: [Int: String] = [
    1: "Accuracy", 2: "BNLL", 3: "Concat", 4: "Convolution", 5: "Data", 6: "Dropout", 7: "EuclideanLoss", 8: "Flatten",
    9: "HDF5Data", 10: "HDF5Output", 11: "Im2col", 12: "ImageData", 13: "InfogainLoss", 14: "InnerProduct", 15: "LRN",
    16: "MultinomialLogisticLoss", 17: "Pooling", 18: "ReLU", 19: "Sigmoid", 20: "Softmax", 21: "SoftmaxWithLoss",
    22: "Split", 23: "TanH", 24: "WindowData", 25: "Eltwise", 26: "Power", 27: "SigmoidCrossEntropyLoss",
    28: "HingeLoss", 29: "MemoryData", 30: "ArgMax", 31: "Threshold", 32: "DummyData", 33: "Slice", 34: "MVN",
    35: "AbsVal", 36: "Silence", 37: "ContrastiveLoss", 38: "Exp", 39: "Deconvolution", 40: "Crop",
    41: "EltwiseAccuracy", 42: "Unpooling", 43: "BN", 44: "RedSoftmaxLoss", 45: "RedAccuracy", 46: "ImageSegData",
    47: "WindowSegData", 48: "WindowInstSegData", 49: "BinAccuracy", 50: "WindowClsData", 51: "WindowSegBinary",
    52: "SelectSegBinary", 53: "DropoutChannel",
  ]

  /// Type of a V1 prototxt's word: "CONVOLUTION" is "Convolution".
  static func type(word: String) -> String {
    let plain = word.filter { $0 != "_" }.lowercased()
    if plain == "softmaxloss" { return "SoftmaxWithLoss" }
    return typesV1.values.first { $0.lowercased() == plain } ?? word
  }
}
