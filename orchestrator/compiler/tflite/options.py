"""Which attributes of which operators matter: the schema's option table and its fields, by operator."""

_WINDOW = ("Padding", "StrideW", "StrideH", "FusedActivationFunction")
_RESIZE = ("AlignCorners", "HalfPixelCenters")

OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "CONV_2D": ("Conv2DOptions", (*_WINDOW, "DilationWFactor", "DilationHFactor", "QuantizedBiasType")),
    "DEPTHWISE_CONV_2D": (
        "DepthwiseConv2DOptions",
        (*_WINDOW, "DepthMultiplier", "DilationWFactor", "DilationHFactor"),
    ),
    "TRANSPOSE_CONV": ("TransposeConvOptions", _WINDOW),
    "FULLY_CONNECTED": (
        "FullyConnectedOptions",
        ("FusedActivationFunction", "WeightsFormat", "KeepNumDims", "QuantizedBiasType"),
    ),
    "BATCH_MATMUL": ("BatchMatMulOptions", ("AdjX", "AdjY")),
    "AVERAGE_POOL_2D": ("Pool2DOptions", (*_WINDOW, "FilterWidth", "FilterHeight")),
    "MAX_POOL_2D": ("Pool2DOptions", (*_WINDOW, "FilterWidth", "FilterHeight")),
    "ADD": ("AddOptions", ("FusedActivationFunction",)),
    "SUB": ("SubOptions", ("FusedActivationFunction",)),
    "MUL": ("MulOptions", ("FusedActivationFunction",)),
    "DIV": ("DivOptions", ("FusedActivationFunction",)),
    "CONCATENATION": ("ConcatenationOptions", ("Axis", "FusedActivationFunction")),
    "PACK": ("PackOptions", ("Axis", "ValuesCount")),
    "UNPACK": ("UnpackOptions", ("Axis", "Num")),
    "GATHER": ("GatherOptions", ("Axis", "BatchDims")),
    "STRIDED_SLICE": (
        "StridedSliceOptions",
        ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask", "Offset"),
    ),
    "CALL_ONCE": ("CallOnceOptions", ("InitSubgraphIndex",)),
    "VAR_HANDLE": ("VarHandleOptions", ("Container", "SharedName")),
    "MIRROR_PAD": ("MirrorPadOptions", ("Mode",)),
    "SPACE_TO_DEPTH": ("SpaceToDepthOptions", ("BlockSize",)),
    "DEPTH_TO_SPACE": ("DepthToSpaceOptions", ("BlockSize",)),
    "RESIZE_NEAREST_NEIGHBOR": ("ResizeNearestNeighborOptions", _RESIZE),
    "RESIZE_BILINEAR": ("ResizeBilinearOptions", _RESIZE),
    "SOFTMAX": ("SoftmaxOptions", ("Beta",)),
    "SVDF": ("SVDFOptions", ("Rank",)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (
        "UnidirectionalSequenceLSTMOptions",
        ("FusedActivationFunction", "CellClip", "TimeMajor"),
    ),
    "L2_NORMALIZATION": ("L2NormOptions", ("FusedActivationFunction",)),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
}

ENUM_OPTIONS = {
    "Padding": "Padding",
    "FusedActivationFunction": "ActivationFunctionType",
    "Mode": "MirrorPadMode",
    "QuantizedBiasType": "TensorType",
}
