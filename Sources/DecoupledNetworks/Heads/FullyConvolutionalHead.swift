import DecoupledBase
import DecoupledCore

/// fc6 and fc7 as convolutions (paper section 4.1), each with ReLU and dropout.
struct FullyConvolutionalHead: Head {
  static let tag = "fully_convolutional"

  private let kernel: Int
  private let width: Int
  private let dropout: Double

  init(_ description: NetworkDescription) throws {
    (kernel, width, dropout) = (description.fc6Kernel, description.fcWidth, description.dropout)
  }

  var dropoutSeeds: [String] { dropout > 0 ? ["dropout_seed6", "dropout_seed7"] : [] }

  func build(_ builder: inout LayerBuilder, features: TrunkFeatures, seeds: [ValueID]) throws -> ValueID {
    let shape = builder.graph[features.output].type.shape
    guard shape[2] >= kernel, shape[3] >= kernel else {
      throw EngineError(
        .invalidArgument,
        "Network '\(builder.description.name)': an fc6_kernel of \(kernel) does not fit into the \(shape[2])x\(shape[3]) map behind the last pool."
      )
    }
    var x = features.output
    for (number, size) in [(6, kernel), (7, 1)] {
      x = try builder.relu(
        try builder.convolution("fc\(number)", x, out: width, kernel: size), name: "relu\(number)")
      guard !seeds.isEmpty else { continue }
      x = try builder.graph.add1(Dropout(ratio: dropout), [x, seeds[number - 6]], name: "drop\(number)")
    }
    return x
  }
}
