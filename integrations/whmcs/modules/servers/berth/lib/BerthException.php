<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Berth;

/** What the administrator is told: the API's words with its code and request id, or the module's own. */
final class BerthException extends \RuntimeException
{
    public function __construct(
        string $message,
        /** As in the API's table of errors; '' where there was no answer of the API, or it is the module's own error. */
        public readonly string $errorCode = '',
        public readonly array $details = [],
        public readonly string $requestId = '',
    ) {
        $reference = implode(', ', array_filter([$errorCode, $requestId === '' ? '' : "request $requestId"]));
        parent::__construct($reference === '' ? $message : "$message ($reference)");
    }

    /** The same answer, told better. */
    public function because(string $message): self
    {
        return new self($message, $this->errorCode, $this->details, $this->requestId);
    }
}
