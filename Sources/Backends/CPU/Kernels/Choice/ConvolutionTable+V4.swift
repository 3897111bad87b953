// Made by `decoupled bench --tune`: input channels, output channels, height and width of the result. Behind each the
// microseconds of winograd4, winograd6, direct with 2 threads.
#if X86_64_V4
  extension ConvolutionTable {
    static let measured: [ConvolutionShape: ConvolutionAlgorithm] = [
      ConvolutionShape(64, 64, 320, 320): .winograd6,  // 7183, 6548, 18493
      ConvolutionShape(64, 128, 160, 160): .winograd6,  // 2979, 2798, 8559
      ConvolutionShape(128, 128, 160, 160): .winograd6,  // 5860, 5038, 17590
      ConvolutionShape(128, 256, 80, 80): .winograd6,  // 3067, 2650, 8115
      ConvolutionShape(256, 256, 80, 80): .winograd6,  // 6206, 5228, 16132
      ConvolutionShape(256, 512, 40, 40): .winograd4,  // 2435, 2212, 8288
      ConvolutionShape(512, 512, 40, 40): .winograd4,  // 4777, 4652, 16782
      ConvolutionShape(512, 512, 20, 20): .winograd4,  // 1296, 1905, 4886
      ConvolutionShape(512, 256, 40, 40): .winograd4,  // 2415, 2326, 8387
      ConvolutionShape(256, 128, 80, 80): .winograd6,  // 3673, 3016, 8358
      ConvolutionShape(128, 64, 160, 160): .winograd6,  // 3156, 2728, 9088
      ConvolutionShape(64, 64, 224, 224): .winograd6,  // 3573, 3100, 8632
      ConvolutionShape(64, 128, 112, 112): .winograd6,  // 1383, 1167, 4102
      ConvolutionShape(128, 128, 112, 112): .winograd6,  // 2680, 2257, 8244
      ConvolutionShape(128, 256, 56, 56): .winograd4,  // 1214, 1183, 3994
      ConvolutionShape(256, 256, 56, 56): .winograd6,  // 2564, 2287, 8014
      ConvolutionShape(256, 512, 28, 28): .winograd4,  // 1108, 1141, 4302
      ConvolutionShape(512, 512, 28, 28): .winograd4,  // 2338, 2554, 8511
      ConvolutionShape(512, 512, 14, 14): .winograd4,  // 893, 1286, 1969
      ConvolutionShape(512, 256, 28, 28): .winograd4,  // 1143, 1214, 4194
      ConvolutionShape(256, 128, 56, 56): .winograd6,  // 1249, 1135, 4008
      ConvolutionShape(128, 64, 112, 112): .winograd6,  // 1281, 1086, 4139
      ConvolutionShape(64, 64, 160, 160): .winograd6,  // 1495, 1317, 4394
      ConvolutionShape(64, 128, 80, 80): .winograd6,  // 618, 554, 2048
      ConvolutionShape(128, 128, 80, 80): .winograd6,  // 1180, 1089, 4076
      ConvolutionShape(128, 256, 40, 40): .winograd6,  // 567, 511, 2084
      ConvolutionShape(256, 256, 40, 40): .winograd4,  // 1133, 1092, 4092
      ConvolutionShape(256, 512, 20, 20): .winograd4,  // 585, 784, 2015
      ConvolutionShape(512, 512, 10, 10): .winograd4,  // 556, 1258, 1026
      ConvolutionShape(512, 256, 20, 20): .winograd4,  // 644, 878, 2103
      ConvolutionShape(256, 128, 40, 40): .winograd6,  // 580, 546, 2089
      ConvolutionShape(128, 64, 80, 80): .winograd6,  // 634, 550, 2093
      ConvolutionShape(24, 48, 48, 48): .winograd4,  // 58, 56, 158
      ConvolutionShape(48, 64, 24, 24): .winograd6,  // 35, 31, 150
      ConvolutionShape(64, 96, 12, 12): .winograd4,  // 20, 23, 54
      ConvolutionShape(96, 128, 6, 6): .winograd4,  // 20, 26, 21
      ConvolutionShape(128, 96, 6, 6): .winograd4,  // 21, 29, 26
      ConvolutionShape(96, 64, 12, 12): .winograd4,  // 21, 24, 71
      ConvolutionShape(64, 48, 24, 24): .winograd6,  // 37, 32, 145
      ConvolutionShape(48, 24, 48, 48): .winograd4,  // 55, 76, 177
      ConvolutionShape(24, 24, 96, 96): .winograd6,  // 177, 138, 384
      ConvolutionShape(16, 16, 8, 8): .winograd4,  // 2, 4, 4
    ]
  }
#endif
